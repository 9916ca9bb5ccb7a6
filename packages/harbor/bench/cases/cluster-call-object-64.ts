import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { clusterCalls, tcpCalls } from '../cluster-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'cluster-call-object-64', unit: 'calls/s' }],
  floors: { 'one TCP link': tcpCalls(PLAYER, 64) },
  run: clusterCalls(PLAYER, 64),
  original: originalCluster('cluster object 64'),
};
export default bench;
