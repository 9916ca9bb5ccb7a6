import type { BenchCase } from '../../../core/bench/case.ts';
import { colyseusEcho } from '../colyseus.ts';
import { FRAME, FRAME_ANSWER, HANDSHAKE } from '../messages.ts';
import { gateSocket, skynetSocket, wsSocket } from '../servers.ts';
import { load } from '../spawn-load.ts';

const options = {
  connections: 100,
  inflight: 32,
  handshake: HANDSHAKE,
  message: FRAME,
  answer: FRAME_ANSWER,
  frames: true,
};

const wsEcho: BenchCase = {
  lines: [
    { name: 'ws-echo-100x32', unit: 'messages/s' },
    { name: 'ws-echo-100x32-cpu', unit: 'us/message' },
  ],
  floors: { ws: load(wsSocket, options), gate: load(gateSocket, options) },
  run: load(skynetSocket, options),
  peers: { colyseus: colyseusEcho },
};
export default wsEcho;
