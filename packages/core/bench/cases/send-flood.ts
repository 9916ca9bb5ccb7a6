import { bareFlood } from '../bare-actors.ts';
import type { BenchCase } from '../case.ts';
import { flood, queueFlood } from '../flood.ts';
import { original } from '../original.ts';

const sendFlood: BenchCase = {
  lines: [{ name: 'send-flood', unit: 'sends/s' }],
  floors: { 'function queue': queueFlood, actors: bareFlood },
  run: flood(),
  original: original('flood'),
};
export default sendFlood;
