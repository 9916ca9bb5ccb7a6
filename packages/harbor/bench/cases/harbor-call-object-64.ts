import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { originalCluster } from '../../../core/bench/original.ts';
import { networkCalls, socketCalls } from '../network.ts';

const harborCallObject64: BenchCase = {
  lines: [{ name: 'harbor-call-object-64', unit: 'calls/s' }],
  floors: { 'node:net frames': socketCalls(90, 64) },
  run: networkCalls(PLAYER, 64),
  original: originalCluster('cluster object 64'),
};
export default harborCallObject64;
