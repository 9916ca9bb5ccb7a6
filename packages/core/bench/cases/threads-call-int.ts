import { calls } from '../calls.ts';
import type { BenchCase } from '../case.ts';
import { original } from '../original.ts';
import { comlinkCalls, piscinaCalls } from '../peers/threads.ts';
import { portCalls, ringCalls } from '../thread-floors.ts';

const threadsCallInt: BenchCase = {
  lines: [{ name: 'threads-call-int', unit: 'calls/s' }],
  floors: { 'message port': portCalls(42), ring: ringCalls(42) },
  run: calls(42, { threads: 2, where: 1 }),
  original: original('calls int 1'),
  peers: { comlink: comlinkCalls(42), piscina: piscinaCalls(42) },
};
export default threadsCallInt;
