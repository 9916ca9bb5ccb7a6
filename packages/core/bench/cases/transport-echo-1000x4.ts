import type { BenchCase } from '../case.ts';
import { echo } from '../echo.ts';
import { netEcho, transportEcho } from '../echo-servers.ts';

const transportEcho1000x4: BenchCase = {
  lines: [
    { name: 'transport-echo-1000x4', unit: 'frames/s' },
    { name: 'transport-echo-1000x4-server', unit: 'us/frame' },
  ],
  floors: { 'node:net': echo(1000, 4, netEcho) },
  run: echo(1000, 4, transportEcho()),
};
export default transportEcho1000x4;
