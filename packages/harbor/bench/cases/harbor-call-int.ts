import type { BenchCase } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { networkCalls, socketCalls } from '../network.ts';

const harborCallInt: BenchCase = {
  lines: [{ name: 'harbor-call-int', unit: 'calls/s' }],
  floors: { 'node:net frames': socketCalls(24, 1) },
  run: networkCalls(42, 1),
  original: originalCluster('cluster int 1'),
};
export default harborCallInt;
