import type { BenchCase } from '../../../core/bench/case.ts';
import { echo } from '../../../core/bench/echo.ts';
import { netEcho } from '../../../core/bench/echo-servers.ts';
import { originalGate } from '../../../core/bench/original.ts';
import { gateAgents, gateEcho } from '../gate-servers.ts';

const gateAgentCase: BenchCase = {
  lines: [
    { name: 'gate-agent-100x32', unit: 'frames/s' },
    { name: 'gate-agent-100x32-cpu', unit: 'us/frame' },
  ],
  floors: { 'gate echo': echo(100, 32, gateEcho), 'node:net': echo(100, 32, netEcho) },
  run: echo(100, 32, gateAgents(1)),
  original: echo(100, 32, originalGate('benchgateagent')),
};
export default gateAgentCase;
