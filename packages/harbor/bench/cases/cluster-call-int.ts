import type { BenchCase } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { clusterCalls, tcpCalls } from '../cluster-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'cluster-call-int', unit: 'calls/s' }],
  floors: { 'one TCP link': tcpCalls(42, 1) },
  run: clusterCalls(42, 1),
  original: originalCluster('cluster int 1'),
};
export default bench;
