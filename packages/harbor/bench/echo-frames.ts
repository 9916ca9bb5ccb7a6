import type { Socket } from 'node:net';
import { FrameReader } from '@skynet/core/netpack';
import type { Packing } from './plain-link.ts';

/** Sends frames back, those of one turn together; values are read and packed again, as every service does. */
export function echoFrames(socket: Socket, { pack, unpack }: Packing): void {
  const reader = new FrameReader({ header: 4 });
  let out: Buffer[] = [];
  const flush = (): void => {
    socket.write(Buffer.concat(out));
    out = [];
  };
  socket.setNoDelay(true).on('error', () => {});
  socket.on('data', (chunk) => {
    reader.pushOwned(chunk, (frame) => {
      const body = pack(unpack(frame.subarray(4)));
      const answer = Buffer.allocUnsafe(8 + body.length);
      answer.writeUInt32BE(4 + body.length, 0);
      answer.set(frame.subarray(0, 4), 4);
      answer.set(body, 8);
      if (out.push(answer) === 1) setImmediate(flush);
    });
  });
}
