import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { clusterCalls, tcpCalls } from '../cluster-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'cluster-call-object', unit: 'calls/s' }],
  floors: { 'one TCP link': tcpCalls(PLAYER, 1) },
  run: clusterCalls(PLAYER, 1),
  original: originalCluster('cluster object 1'),
};
export default bench;
