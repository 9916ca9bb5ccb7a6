import type { Curve, Point } from '../../../core/bench/curve.ts';
import { echo } from '../../../core/bench/echo.ts';
import { type EchoServer, netEcho } from '../../../core/bench/echo-servers.ts';
import { gateEcho } from '../gate-servers.ts';

/** Microseconds of the server's processor for a frame of so many bytes, ten connections with four on their way. */
const cost =
  (server: EchoServer): Point =>
  async (x, effort) =>
    (await echo(10, 4, server, false, x)(effort))[1] as number;

const curve: Curve = {
  title: 'A frame through the gate, by its size',
  x: { label: 'bytes', values: [16, 256, 4096, 16_384, 65_000] },
  y: { label: 'µs of processor' },
  series: { gate: cost(gateEcho), 'node:net': cost(netEcho) },
};
export default curve;
