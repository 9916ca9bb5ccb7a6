import type { BenchCase } from '../case.ts';
import { scale } from '../scale.ts';

const threadsScaleCpu: BenchCase = {
  lines: [{ name: 'threads-scale-cpu', unit: 'pieces/s' }],
  floors: { 'one thread': scale(1) },
  run: scale(2),
};
export default threadsScaleCpu;
