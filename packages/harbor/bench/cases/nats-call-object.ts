import { type BenchCase, PLAYER } from '../../../core/bench/case.ts';
import { natsCalls, natsFloor } from '../nats-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'nats-call-object', unit: 'calls/s' }],
  floors: { 'request of the client': natsFloor(PLAYER, 1) },
  run: natsCalls(PLAYER, 1),
};
export default bench;
