import { calls } from '../calls.ts';
import { type BenchCase, PLAYER } from '../case.ts';

/** Everything in one thread of a node that has two: what the second one costs those that do not use it. */
const thread2: BenchCase = {
  lines: [{ name: 'thread2-call-object', unit: 'calls/s' }],
  floors: { 'one thread': calls(PLAYER) },
  run: calls(PLAYER, { threads: 2 }),
};
export default thread2;
