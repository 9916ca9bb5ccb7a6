import type { BenchCase } from '../case.ts';
import { echo } from '../echo.ts';
import { netEcho, transportEcho } from '../echo-servers.ts';

const transportEcho100x1: BenchCase = {
  lines: [
    { name: 'transport-echo-100x1', unit: 'frames/s' },
    { name: 'transport-echo-100x1-server', unit: 'us/frame' },
  ],
  floors: { 'node:net': echo(100, 1, netEcho) },
  run: echo(100, 1, transportEcho()),
};
export default transportEcho100x1;
