import type { BenchCase } from '../../../core/bench/case.ts';
import { echo } from '../../../core/bench/echo.ts';
import { handleEcho, rawEcho } from '../../../core/bench/echo-servers.ts';
import { originalGate } from '../../../core/bench/original.ts';
import { gateEcho } from '../gate-servers.ts';

const MANY = 9000;
/** Bytes of a read buffer where each connection has its own. */
const LITTLE = 1024;

/** Many connections with one frame each, beside a hundred: what each more costs a frame, ours and the system's. */
const gateEcho9000x1: BenchCase = {
  lines: [
    { name: 'gate-echo-9000x1', unit: 'frames/s' },
    { name: 'gate-echo-9000x1-cpu', unit: 'us/frame' },
  ],
  floors: {
    'bare socket': echo(MANY, 1, rawEcho),
    'a hundred': echo(100, 1, gateEcho),
    'bare socket, a hundred': echo(100, 1, rawEcho),
    'bare handles': echo(MANY, 1, handleEcho(LITTLE)),
    'bare handles, a hundred': echo(100, 1, handleEcho(LITTLE)),
  },
  run: echo(MANY, 1, gateEcho),
  original: echo(MANY, 1, originalGate('benchgateecho')),
};
export default gateEcho9000x1;
