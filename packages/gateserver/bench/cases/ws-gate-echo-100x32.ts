import type { BenchCase } from '../../../core/bench/case.ts';
import { echo } from '../../../core/bench/echo.ts';
import { bareWebSocketEcho, libraryWebSocketEcho } from '../../../core/bench/websocket-servers.ts';
import { webSocketGateEcho } from '../gate-servers.ts';

const webSocketGateEchoCase: BenchCase = {
  lines: [
    { name: 'ws-gate-echo-100x32', unit: 'messages/s' },
    { name: 'ws-gate-echo-100x32-cpu', unit: 'us/message' },
  ],
  floors: {
    'own frames on a bare socket': echo(100, 32, bareWebSocketEcho, true),
    ws: echo(100, 32, libraryWebSocketEcho, true),
  },
  run: echo(100, 32, webSocketGateEcho, true),
};
export default webSocketGateEchoCase;
