import type { BenchCase } from '../case.ts';
import { flood } from '../flood.ts';
import { portFlood, ringFlood } from '../thread-floors.ts';

const threadsFlood: BenchCase = {
  lines: [{ name: 'threads-flood', unit: 'sends/s' }],
  floors: { 'message port': portFlood, ring: ringFlood },
  run: flood(2, 1),
};
export default threadsFlood;
