import type { BenchCase } from '../../../core/bench/case.ts';
import { idleConnections } from '../../../core/bench/idle-connections.ts';
import { bareWebSocketEcho, libraryWebSocketEcho } from '../../../core/bench/websocket-servers.ts';
import { webSocketGateEcho } from '../gate-servers.ts';

const COUNT = 4000;
const OPTIONS = { websocket: true, first: 8000 };

const idleWebSocketConnectionBytes: BenchCase = {
  lines: [
    { name: 'idle-ws-connection-bytes', unit: 'bytes' },
    { name: 'idle-ws-connection-bytes-heap', unit: 'bytes' },
  ],
  floors: {
    'own frames on a bare socket': idleConnections(COUNT, bareWebSocketEcho, OPTIONS),
    ws: idleConnections(COUNT, libraryWebSocketEcho, OPTIONS),
  },
  run: idleConnections(COUNT, webSocketGateEcho, OPTIONS),
};
export default idleWebSocketConnectionBytes;
