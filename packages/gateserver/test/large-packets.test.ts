import { once } from 'node:events';
import { connect } from 'node:net';
import { defineService } from '@skynet/core';
import { FrameReader, pack } from '@skynet/core/netpack';
import { expect, onTestFinished, test } from 'vitest';
import { startGateserver } from '../src/index.ts';
import { startTestNode } from './harness.ts';

const SIZES = [65_535, 65_535, 40_000, 10, 32_768, 4096, 0, 65_535, 16_384, 50_001, 33_000, 1];

test('large packets over a socket come as they were sent, and stay so while others come', async () => {
  const node = await startTestNode();
  const kept: Uint8Array[] = [];
  const gate = await node.newService(
    defineService((skynet) => {
      const server = startGateserver(skynet, {
        open: (_source, { port }) => ({ port }),
        connect: (fd) => server.openClient(fd),
        message: (fd, bytes) => {
          kept.push(bytes);
          server.send(fd, bytes);
        },
      });
    }),
  );
  const { port } = await node.run((skynet) =>
    skynet.call<{ port: number }>(gate, 'lua', 'open', { host: '127.0.0.1', port: 0 }),
  );
  const packets = Array.from({ length: 300 }, (_, n) =>
    Uint8Array.from({ length: SIZES[n % SIZES.length] as number }, (_byte, i) => i * 13 + n),
  );
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const answers: Uint8Array[] = [];
  const reader = new FrameReader();
  const answered = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${answers.length} answers`)));
    socket.on('data', (chunk) => {
      reader.pushOwned(chunk, (frame) => answers.push(frame));
      if (answers.length === packets.length) resolve();
    });
  });
  // In pieces that end anywhere.
  const stream = Buffer.concat(packets.map((packet) => pack(packet)));
  for (let at = 0, i = 0; at < stream.length; i++) {
    const piece = stream.subarray(at, at + 1 + ((i * 48_271) % 150_000));
    at += piece.length;
    if (!socket.write(piece)) await once(socket, 'drain');
  }
  await answered;
  for (const list of [answers, kept]) {
    expect(list.map(({ length }) => length)).toEqual(packets.map(({ length }) => length));
    expect(list.findIndex((packet, n) => !Buffer.from(packet).equals(packets[n] as Uint8Array))).toBe(-1);
  }
});
