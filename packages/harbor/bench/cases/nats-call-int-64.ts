import type { BenchCase } from '../../../core/bench/case.ts';
import { natsCalls, natsFloor } from '../nats-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'nats-call-int-64', unit: 'calls/s' }],
  floors: { 'request of the client': natsFloor(42, 64) },
  run: natsCalls(42, 64),
};
export default bench;
