import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { networkCalls, socketCalls } from '../network.ts';

const harborCallObject64: BenchCase = {
  lines: [{ name: 'harbor-call-object-64', unit: 'calls/s' }],
  floors: { 'node:net frames': socketCalls(90, 64) },
  run: networkCalls(PLAYER, 64),
};
export default harborCallObject64;
