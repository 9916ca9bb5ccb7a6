import type { BenchCase } from '../../../core/bench/case.ts';
import { netEcho } from '../../../core/bench/echo-servers.ts';
import { idleConnections } from '../../../core/bench/idle-connections.ts';
import { gateEcho } from '../gate-servers.ts';

const COUNT = 5000;

const idleConnectionBytes: BenchCase = {
  lines: [
    { name: 'idle-connection-bytes', unit: 'bytes' },
    { name: 'idle-connection-bytes-heap', unit: 'bytes' },
  ],
  floors: { 'node:net': idleConnections(COUNT, netEcho) },
  run: idleConnections(COUNT, gateEcho),
};
export default idleConnectionBytes;
