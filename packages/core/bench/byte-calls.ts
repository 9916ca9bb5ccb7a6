import { calls } from './calls.ts';
import type { BenchCase } from './case.ts';
import { portCalls, ringCalls } from './thread-floors.ts';

/** Calls that take so many bytes to a service in another thread, and back; `size` of them at a time. */
export function byteCalls(name: string, length: number, size: number): BenchCase {
  const bytes = new Uint8Array(length).fill(7);
  return {
    lines: [{ name, unit: 'calls/s' }],
    floors: { 'message port': portCalls(bytes, 1, size), ring: ringCalls(bytes, 1, length + 64, size) },
    run: calls(bytes, { threads: 2, where: 1, size }),
  };
}
