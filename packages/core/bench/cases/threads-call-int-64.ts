import { calls } from '../calls.ts';
import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { comlinkCalls, piscinaCalls } from '../peers/threads.ts';
import { portCalls, ringCalls } from '../thread-floors.ts';

const threadsCallInt64: BenchCase = {
  lines: [{ name: 'threads-call-int-64', unit: 'calls/s' }],
  floors: { 'message port': portCalls(42, 64), ring: ringCalls(42, 64) },
  run: calls(42, { threads: 2, where: 1, flight: 64 }),
  original: original('calls int 64'),
  peers: { comlink: comlinkCalls(42, 64), piscina: piscinaCalls(42, 64) },
};
export default threadsCallInt64;
