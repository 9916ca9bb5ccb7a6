import type { BenchCase } from '../case.ts';
import { emptyThreadsStart, hostStarts, nodeStarts } from '../start.ts';

const start: BenchCase = {
  lines: [
    { name: 'start', unit: 'ms' },
    { name: 'start-memory', unit: 'MB' },
  ],
  // The watchdog's thread is one more than the configuration says.
  floors: { 'node alone': hostStarts, 'empty threads': emptyThreadsStart(1) },
  run: nodeStarts(1),
};
export default start;
