import { calls } from '../calls.ts';
import { type BenchCase, PLAYER } from '../case.ts';
import { original } from '../original.ts';
import { comlinkCalls, piscinaCalls } from '../peers/threads.ts';
import { portCalls, ringCalls } from '../thread-floors.ts';

const threadsCallObject64: BenchCase = {
  lines: [{ name: 'threads-call-object-64', unit: 'calls/s' }],
  floors: { 'message port': portCalls(PLAYER, 64), ring: ringCalls(PLAYER, 64) },
  run: calls(PLAYER, { threads: 2, where: 1, flight: 64 }),
  original: original('calls object 64'),
  peers: { comlink: comlinkCalls(PLAYER, 64), piscina: piscinaCalls(PLAYER, 64) },
};
export default threadsCallObject64;
