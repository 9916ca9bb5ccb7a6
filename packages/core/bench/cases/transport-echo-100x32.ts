import type { BenchCase } from '../case.ts';
import { echo } from '../echo.ts';
import { netEcho, transportEcho } from '../echo-servers.ts';

const transportEcho100x32: BenchCase = {
  lines: [
    { name: 'transport-echo-100x32', unit: 'frames/s' },
    { name: 'transport-echo-100x32-server', unit: 'us/frame' },
  ],
  floors: { 'node:net': echo(100, 32, netEcho) },
  run: echo(100, 32, transportEcho()),
};
export default transportEcho100x32;
