import type { BenchCase } from '../case.ts';
import { flood, queueFlood } from '../flood.ts';

const sendFlood: BenchCase = {
  lines: [{ name: 'send-flood', unit: 'sends/s' }],
  floors: { 'function queue': queueFlood },
  run: flood(),
};
export default sendFlood;
