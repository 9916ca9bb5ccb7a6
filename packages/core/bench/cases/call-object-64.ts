import { bareCalls } from '../bare-actors.ts';
import { calls, emitterCalls } from '../calls.ts';
import { type BenchCase, PLAYER } from '../case.ts';
import { original } from '../original.ts';

const callObject64: BenchCase = {
  lines: [{ name: 'call-object-64', unit: 'calls/s' }],
  floors: { 'event emitter': emitterCalls(PLAYER), actors: bareCalls(PLAYER, 64) },
  run: calls(PLAYER, { flight: 64 }),
  original: original('calls object 64'),
};
export default callObject64;
