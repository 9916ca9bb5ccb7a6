import type { BenchCase } from '../../../core/bench/case.ts';
import { echo } from '../../../core/bench/echo.ts';
import { netEcho } from '../../../core/bench/echo-servers.ts';
import { originalGate } from '../../../core/bench/original.ts';
import { gateEcho } from '../gate-servers.ts';

const gateEchoCase: BenchCase = {
  lines: [
    { name: 'gate-echo-100x32', unit: 'frames/s' },
    { name: 'gate-echo-100x32-cpu', unit: 'us/frame' },
  ],
  floors: { 'node:net': echo(100, 32, netEcho) },
  run: echo(100, 32, gateEcho),
  original: echo(100, 32, originalGate('benchgateecho')),
};
export default gateEchoCase;
