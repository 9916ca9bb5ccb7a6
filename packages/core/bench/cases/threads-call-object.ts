import { calls } from '../calls.ts';
import { type BenchCase, PLAYER } from '../case.ts';
import { original } from '../original.ts';
import { comlinkCalls, piscinaCalls } from '../peers/threads.ts';
import { portCalls, ringCalls } from '../thread-floors.ts';

const threadsCallObject: BenchCase = {
  lines: [{ name: 'threads-call-object', unit: 'calls/s' }],
  floors: { 'message port': portCalls(PLAYER), ring: ringCalls(PLAYER) },
  run: calls(PLAYER, { threads: 2, where: 1 }),
  original: original('calls object 1'),
  peers: { comlink: comlinkCalls(PLAYER), piscina: piscinaCalls(PLAYER) },
};
export default threadsCallObject;
