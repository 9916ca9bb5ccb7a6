import type { BenchCase } from '../../../core/bench/case.ts';
import { echo } from '../../../core/bench/echo.ts';
import { netEcho } from '../../../core/bench/echo-servers.ts';
import { originalGate } from '../../../core/bench/original.ts';
import { gateEcho } from '../gate-servers.ts';

const gateEchoCase: BenchCase = {
  lines: [
    { name: 'gate-echo-1000x4', unit: 'frames/s' },
    { name: 'gate-echo-1000x4-cpu', unit: 'us/frame' },
  ],
  floors: { 'node:net': echo(1000, 4, netEcho) },
  run: echo(1000, 4, gateEcho),
  original: echo(1000, 4, originalGate('benchgateecho')),
};
export default gateEchoCase;
