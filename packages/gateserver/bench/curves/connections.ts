import type { Curve, Point } from '../../../core/bench/curve.ts';
import { echo } from '../../../core/bench/echo.ts';
import { type EchoServer, netEcho } from '../../../core/bench/echo-servers.ts';
import { gateEcho } from '../gate-servers.ts';

/** Microseconds of the server's processor for a frame, one on its way on each connection. */
const cost =
  (server: EchoServer): Point =>
  async (x, effort) =>
    (await echo(x, 1, server)(effort))[1] as number;

const curve: Curve = {
  title: 'A frame of 64 bytes through the gate',
  x: { label: 'connections', values: [100, 1000, 5000, 9000] },
  y: { label: 'µs of processor' },
  series: { gate: cost(gateEcho), 'node:net': cost(netEcho) },
};
export default curve;
