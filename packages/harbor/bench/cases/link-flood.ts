import type { BenchCase } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { floodFloor, linkFlood } from '../link-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'link-flood', unit: 'sends/s' }],
  floors: { 'one TCP link': floodFloor },
  run: linkFlood,
  original: originalCluster('clusterflood'),
};
export default bench;
