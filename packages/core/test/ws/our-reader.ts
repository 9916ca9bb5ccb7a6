import { FrameReader, type FrameRules, READ } from '../../src/ws/frames/frame-reader.ts';
import type { Outcome } from './library-receiver.ts';

const KINDS = { [READ.TEXT]: 'text', [READ.BINARY]: 'binary', [READ.PING]: 'ping', [READ.PONG]: 'pong' };

/** What our reader makes of chunks. Memory that is not its own is overwritten afterwards, as connections do. */
export function byUs(chunks: readonly Buffer[], rules: FrameRules): Outcome {
  const reader = new FrameReader(rules);
  const events: [string, string][] = [];
  const given: [at: number, payload: Uint8Array][] = [];
  let failure: string | undefined;
  for (const chunk of chunks) {
    const before = chunk.toString('hex');
    reader.feed(chunk);
    for (let event = reader.next(); event !== READ.NOTHING; event = reader.next()) {
      const payload = reader.bytes.subarray(reader.start, reader.end);
      if (event === READ.VIOLATION) {
        failure = `${reader.violation?.closeCode} ${reader.violation?.reason}`;
        break;
      }
      const kind = event === READ.CLOSE ? `close ${reader.code}` : KINDS[event];
      events.push([kind, Buffer.from(payload).toString('hex')]);
      if (rules.memory === 'receiver') given.push([events.length - 1, payload]);
    }
    if (rules.memory === 'receiver' && chunk.toString('hex') !== before)
      throw new Error('the reader wrote to a chunk that was not its own');
    chunk.fill(0xee);
    if (failure !== undefined) break;
  }
  for (const [at, payload] of given)
    if (Buffer.from(payload).toString('hex') !== events[at]?.[1])
      throw new Error('a payload changed after it was given away');
  return { events, failure };
}
