import type { BenchCase } from '../case.ts';
import { ring } from '../ring.ts';

/** Everything in one thread of a node that has two: what the second one costs those that do not use it. */
const thread2: BenchCase = {
  lines: [{ name: 'thread2-ring-1000', unit: 'hops/s' }],
  floors: { 'one thread': ring(1000) },
  run: ring(1000, 2),
};
export default thread2;
