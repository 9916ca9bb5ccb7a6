import { calls, emitterCalls } from '../calls.ts';
import type { BenchCase } from '../case.ts';

const callInt: BenchCase = {
  lines: [{ name: 'call-int', unit: 'calls/s' }],
  floors: { 'event emitter': emitterCalls(42) },
  run: calls(42),
};
export default callInt;
