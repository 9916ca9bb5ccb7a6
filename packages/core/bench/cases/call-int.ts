import { bareCalls } from '../bare-actors.ts';
import { calls, emitterCalls } from '../calls.ts';
import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { moleculerCalls } from '../peers/moleculer.ts';
import { nactCalls } from '../peers/nact.ts';

const callInt: BenchCase = {
  lines: [{ name: 'call-int', unit: 'calls/s' }],
  floors: { 'event emitter': emitterCalls(42), actors: bareCalls(42) },
  run: calls(42),
  original: original('calls int 1'),
  peers: { moleculer: moleculerCalls(42), nact: nactCalls(42) },
};
export default callInt;
