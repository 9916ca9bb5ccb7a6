import { bareCalls } from '../bare-actors.ts';
import { calls, emitterCalls } from '../calls.ts';
import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';

const callInt64: BenchCase = {
  lines: [{ name: 'call-int-64', unit: 'calls/s' }],
  floors: { 'event emitter': emitterCalls(42), actors: bareCalls(42, 64) },
  run: calls(42, { flight: 64 }),
  original: original('calls int 64'),
};
export default callInt64;
