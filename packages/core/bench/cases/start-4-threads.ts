import type { BenchCase } from '../case.ts';
import { hostStarts, nodeStarts } from '../start.ts';

const startFourThreads: BenchCase = {
  lines: [
    { name: 'start-4-threads', unit: 'ms' },
    { name: 'start-4-threads-memory', unit: 'MB' },
  ],
  floors: { 'node alone': hostStarts },
  run: nodeStarts(4),
};
export default startFourThreads;
