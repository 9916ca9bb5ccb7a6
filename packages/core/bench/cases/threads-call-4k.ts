import { calls } from '../calls.ts';
import type { BenchCase } from '../case.ts';
import { portCalls, ringCalls } from '../thread-floors.ts';

const SIZE = 4096;
const bytes = new Uint8Array(SIZE).fill(7);

const threadsCall4k: BenchCase = {
  lines: [{ name: 'threads-call-4k', unit: 'calls/s' }],
  floors: { 'message port': portCalls(bytes, 1, 1000), ring: ringCalls(bytes, 1, SIZE + 64, 1000) },
  run: calls(bytes, { threads: 2, where: 1, size: 1000 }),
};
export default threadsCall4k;
