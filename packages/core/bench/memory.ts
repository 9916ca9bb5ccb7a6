/** Bytes in use: of the process, and of JavaScript's heap with the buffers outside it. */
export interface Usage {
  readonly rss: number;
  readonly heap: number;
}

/** What is in use once everything unreachable has been taken away; that takes `--expose-gc`. */
export async function settledUsage(): Promise<Usage> {
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

/** What each of `count` things costs that `make` makes and returns (so that they stay). */
export async function bytesOfEach(count: number, make: () => unknown): Promise<Usage> {
  const before = await settledUsage();
  const kept = await make();
  const after = await settledUsage();
  if (kept === undefined) throw new Error('nothing was kept');
  return { rss: (after.rss - before.rss) / count, heap: (after.heap - before.heap) / count };
}
