import type { BenchCase } from '../case.ts';
import { spawn } from '../spawn.ts';

/** Everything in one thread of a node that has two: what the second one costs those that do not use it. */
const thread2: BenchCase = {
  lines: [{ name: 'thread2-spawn', unit: 'services/s' }],
  floors: { 'one thread': spawn() },
  run: spawn(2),
};
export default thread2;
