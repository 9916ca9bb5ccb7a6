import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { emitterRing, ring } from '../ring.ts';

const ring1000: BenchCase = {
  lines: [{ name: 'ring-1000', unit: 'hops/s' }],
  floors: { 'event emitters': emitterRing(1000) },
  run: ring(1000),
  original: original('ring 1000'),
};
export default ring1000;
