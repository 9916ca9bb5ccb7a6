import type { BenchCase } from '../../../core/bench/case.ts';
import { natsCalls, natsFloor } from '../nats-calls.ts';

const bench: BenchCase = {
  lines: [{ name: 'nats-call-int', unit: 'calls/s' }],
  floors: { 'request of the client': natsFloor(42, 1) },
  run: natsCalls(42, 1),
};
export default bench;
