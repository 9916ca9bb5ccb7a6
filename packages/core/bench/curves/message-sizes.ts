import { calls } from '../calls.ts';
import type { Curve, Point } from '../curve.ts';

/** Microseconds of a call with so many bytes, there and back. */
const call =
  (threads: number): Point =>
  async (x, effort) => {
    const bytes = new Uint8Array(x).fill(7);
    const size = Math.max(20, Math.min(2000, Math.round(10_000_000 / (x + 1000))));
    const [rate = 0] = await calls(bytes, { threads, where: threads - 1, size })(effort);
    return 1_000_000 / rate;
  };

const curve: Curve = {
  title: 'A call with bytes, copied both ways',
  x: { label: 'bytes', values: [16, 256, 4096, 65_536, 1_048_576] },
  y: { label: 'µs' },
  series: { 'in one thread': call(1), 'between two threads': call(2) },
};
export default curve;
