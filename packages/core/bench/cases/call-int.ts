import { calls, emitterCalls } from '../calls.ts';
import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';

const callInt: BenchCase = {
  lines: [{ name: 'call-int', unit: 'calls/s' }],
  floors: { 'event emitter': emitterCalls(42) },
  run: calls(42),
  original: original('calls int 1'),
};
export default callInt;
