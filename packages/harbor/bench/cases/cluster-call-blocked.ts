import type { BenchCase } from '../../../core/bench/case.ts';
import { blockedCluster } from '../blocked-peer.ts';

const bench: BenchCase = {
  lines: [{ name: 'cluster-call-blocked', unit: 'calls/s' }],
  floors: { 'no blocked node': blockedCluster(false) },
  run: blockedCluster(true),
};
export default bench;
