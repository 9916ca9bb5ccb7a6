import type { BenchCase } from '../case.ts';
import { fanIn, portFanIn } from '../fan-in.ts';

const threadsFanIn4: BenchCase = {
  lines: [{ name: 'threads-fan-in-4', unit: 'calls/s' }],
  floors: { 'message ports': portFanIn(4) },
  run: fanIn(4),
};
export default threadsFanIn4;
