// The other thread of the floors: returns what comes through its port, or through a ring, until it is terminated.
import { parentPort, workerData } from 'node:worker_threads';
import { LinkDecoder } from '../src/codec/link-decoder.ts';
import { LinkEncoder } from '../src/codec/link-encoder.ts';
import { RingReader, RingWriter } from '../src/threads/ring.ts';
import type { EchoSetup, PortMessage } from './thread-floors.ts';

const { rings } = workerData as EchoSetup;
if (rings === undefined) {
  parentPort?.on('message', (message: PortMessage) => {
    if (message.session !== 0) parentPort?.postMessage(message);
  });
} else {
  const reader = new RingReader(rings.there);
  const writer = new RingWriter(rings.back);
  const encoder = new LinkEncoder();
  const decoder = new LinkDecoder();
  const answer = (start: number, end: number): void => {
    const values = decoder.decode(reader.region, start, end);
    if (values[0] === 0) return;
    for (;;) {
      const place = writer.reserve(rings.record);
      if (place < 0) continue;
      writer.commit(encoder.encode(values, writer.region, place, writer.limit) - place);
      return;
    }
  };
  parentPort?.postMessage('ready');
  for (;;) reader.read(answer, 64);
}
