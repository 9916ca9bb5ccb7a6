import type { BenchCase } from '../case.ts';
import { emptyThreadsStart, hostStarts, nodeStarts } from '../start.ts';

const startFourThreads: BenchCase = {
  lines: [
    { name: 'start-4-threads', unit: 'ms' },
    { name: 'start-4-threads-memory', unit: 'MB' },
  ],
  // The watchdog's thread is one more than the configuration says.
  floors: { 'node alone': hostStarts, 'empty threads': emptyThreadsStart(4) },
  run: nodeStarts(4),
};
export default startFourThreads;
