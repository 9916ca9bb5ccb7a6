import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { natsCalls, natsFloor } from '../nats-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'nats-call-object-64', unit: 'calls/s' }],
  floors: { 'request of the client': natsFloor(PLAYER, 64) },
  run: natsCalls(PLAYER, 64),
};
export default bench;
