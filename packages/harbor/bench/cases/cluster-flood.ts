import type { BenchCase } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { clusterFlood, tcpFlood } from '../cluster-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'cluster-flood', unit: 'sends/s' }],
  floors: { 'one TCP link': tcpFlood },
  run: clusterFlood,
  original: originalCluster('clusterflood'),
};
export default bench;
