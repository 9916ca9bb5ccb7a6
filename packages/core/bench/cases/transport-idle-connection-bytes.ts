import type { BenchCase } from '../case.ts';
import { netEcho, transportEcho } from '../echo-servers.ts';
import { idleConnections } from '../idle-connections.ts';

const transportIdleConnectionBytes: BenchCase = {
  lines: [
    { name: 'transport-idle-connection-bytes', unit: 'bytes' },
    { name: 'transport-idle-connection-bytes-heap', unit: 'bytes' },
  ],
  floors: { 'node:net': idleConnections(9000, netEcho) },
  run: idleConnections(9000, transportEcho()),
};
export default transportIdleConnectionBytes;
