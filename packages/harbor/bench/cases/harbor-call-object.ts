import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { networkCalls, socketCalls } from '../network.ts';

const harborCallObject: BenchCase = {
  lines: [{ name: 'harbor-call-object', unit: 'calls/s' }],
  floors: { 'node:net frames': socketCalls(90, 1) },
  run: networkCalls(PLAYER, 1),
  original: originalCluster('cluster object 1'),
};
export default harborCallObject;
