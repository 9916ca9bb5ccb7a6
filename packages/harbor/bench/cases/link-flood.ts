import type { BenchCase } from '../../../core/bench/case.ts';
import { floodFloor, linkFlood } from '../link-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'link-flood', unit: 'sends/s' }],
  floors: { 'one TCP link': floodFloor },
  run: linkFlood,
};
export default bench;
