import type { BenchCase } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { networkCalls, socketCalls } from '../network.ts';

const harborCallInt64: BenchCase = {
  lines: [{ name: 'harbor-call-int-64', unit: 'calls/s' }],
  floors: { 'node:net frames': socketCalls(24, 64) },
  run: networkCalls(42, 64),
  original: originalCluster('cluster int 64'),
};
export default harborCallInt64;
