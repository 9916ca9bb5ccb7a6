import type { Measure } from '../../core/bench/case.ts';
import { ROOM, startColyseus } from '../../core/bench/peers/colyseus.ts';
import { maskedFrame } from '../../core/bench/websocket-frames.ts';
import { load } from './spawn-load.ts';

/** A message of bytes with the name `e`: code, name as MessagePack, 64 bytes. */
const MESSAGE = Buffer.concat([Buffer.of(17, 0xa1, 0x65), Buffer.alloc(64, 'x')]);

/** A room that sends bytes back. */
export const colyseusEcho: Measure = load(
  () => startColyseus((room) => room.onMessageBytes('e', (client, bytes) => client.sendBytes('e', bytes))),
  {
    connections: 100,
    inflight: 32,
    room: ROOM,
    message: maskedFrame(MESSAGE).toString('base64'),
    answer: MESSAGE.length,
    frames: true,
  },
);
