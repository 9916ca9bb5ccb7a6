import { calls } from '../calls.ts';
import type { BenchCase } from '../case.ts';
import { portCalls, ringCalls } from '../thread-floors.ts';

const SIZE = 65_536;
const bytes = new Uint8Array(SIZE).fill(7);

const threadsCall64k: BenchCase = {
  lines: [{ name: 'threads-call-64k', unit: 'calls/s' }],
  floors: { 'message port': portCalls(bytes, 1, 200), ring: ringCalls(bytes, 1, SIZE + 64, 200) },
  run: calls(bytes, { threads: 2, where: 1, size: 200 }),
};
export default threadsCall64k;
