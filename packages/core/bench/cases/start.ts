import type { BenchCase } from '../case.ts';
import { hostStarts, nodeStarts } from '../start.ts';

const start: BenchCase = {
  lines: [
    { name: 'start', unit: 'ms' },
    { name: 'start-memory', unit: 'MB' },
  ],
  floors: { 'node alone': hostStarts },
  run: nodeStarts(1),
};
export default start;
