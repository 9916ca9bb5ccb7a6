import type { BenchCase } from '../../../core/bench/case.ts';
import { echo } from '../../../core/bench/echo.ts';
import { handleEcho, netEcho, rawEcho } from '../../../core/bench/echo-servers.ts';
import { originalGate } from '../../../core/bench/original.ts';
import { gateEcho } from '../gate-servers.ts';

const SIZE = 65_535;

/** Large frames: each comes in several pieces of a read. */
const gateEcho65k: BenchCase = {
  lines: [
    { name: 'gate-echo-10x4-65k', unit: 'frames/s' },
    { name: 'gate-echo-10x4-65k-cpu', unit: 'us/frame' },
  ],
  floors: {
    'bare socket': echo(10, 4, rawEcho, false, SIZE),
    'bare handles': echo(10, 4, handleEcho(), false, SIZE),
    'node:net': echo(10, 4, netEcho, false, SIZE),
  },
  run: echo(10, 4, gateEcho, false, SIZE),
  original: echo(10, 4, originalGate('benchgateecho'), false, SIZE),
};
export default gateEcho65k;
