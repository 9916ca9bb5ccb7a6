import { calls, emitterCalls } from '../calls.ts';
import { type BenchCase, PLAYER } from '../case.ts';

const callObject: BenchCase = {
  lines: [{ name: 'call-object', unit: 'calls/s' }],
  floors: { 'event emitter': emitterCalls(PLAYER) },
  run: calls(PLAYER),
};
export default callObject;
