import type { BenchCase } from '../case.ts';
import { flood } from '../flood.ts';

/** Everything in one thread of a node that has two: what the second one costs those that do not use it. */
const thread2: BenchCase = {
  lines: [{ name: 'thread2-send-flood', unit: 'sends/s' }],
  floors: { 'one thread': flood() },
  run: flood(2),
};
export default thread2;
