import { getHeapSpaceStatistics } from 'node:v8';

/**
 * Bytes in use: of the process without V8's young generation, and of JavaScript's heap with the buffers outside it. How large the
 * young generation is (2 to 32 MB) says how quickly memory is asked for; what stays is moved out of it.
 */
export interface Usage {
  readonly rss: number;
  readonly heap: number;
}

function youngGeneration(): number {
  const young = getHeapSpaceStatistics().filter(({ space_name }) => space_name === 'new_space');
  return young.reduce((sum, { physical_space_size }) => sum + physical_space_size, 0);
}

/** What is in use once everything unreachable has been taken away; that takes `--expose-gc`. */
export async function settledUsage(): Promise<Usage> {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss: rss - youngGeneration(), heap: heapUsed + external };
}

/** What each of `count` things costs that `make` makes and returns (so that they stay). */
export async function bytesOfEach(count: number, make: () => unknown): Promise<Usage> {
  const before = await settledUsage();
  const kept = await make();
  const after = await settledUsage();
  if (kept === undefined) throw new Error('nothing was kept');
  return { rss: (after.rss - before.rss) / count, heap: (after.heap - before.heap) / count };
}
