import type { BenchCase } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { clusterCalls, tcpCalls } from '../cluster-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'cluster-call-int-64', unit: 'calls/s' }],
  floors: { 'one TCP link': tcpCalls(42, 64) },
  run: clusterCalls(42, 64),
  original: originalCluster('cluster int 64'),
};
export default bench;
