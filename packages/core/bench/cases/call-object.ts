import { bareCalls } from '../bare-actors.ts';
import { calls, emitterCalls } from '../calls.ts';
import { type BenchCase, PLAYER } from '../case.ts';
import { original } from '../original.ts';
import { moleculerCalls } from '../peers/moleculer.ts';
import { nactCalls } from '../peers/nact.ts';

const callObject: BenchCase = {
  lines: [{ name: 'call-object', unit: 'calls/s' }],
  floors: { 'event emitter': emitterCalls(PLAYER), actors: bareCalls(PLAYER) },
  run: calls(PLAYER),
  original: original('calls object 1'),
  peers: { moleculer: moleculerCalls(PLAYER), nact: nactCalls(PLAYER) },
};
export default callObject;
