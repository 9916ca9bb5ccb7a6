import { median } from './median.ts';

const WARM_UP_MS = 300;
const SAMPLE_MS = 200;
const SAMPLES = 5;
/** Largest count of the tiny run, which only shows that a case works. */
const TINY = 20;

/** How much is measured: enough for a figure, or so little that tests can afford it. */
export class Effort {
  readonly tiny: boolean;
  #seed = 20_251_125;

  constructor(tiny: boolean) {
    this.tiny = tiny;
  }

  /** That many, or a few. */
  count(full: number): number {
    return this.tiny ? Math.min(full, TINY) : full;
  }

  /** A whole number below `limit`; the same row of them in every run. */
  random(limit: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 0x1_0000_0000) * limit);
  }

  /**
   * Things done in a second: the median of some samples, after some time to warm up. `batch` does so many of them;
   * what `after` does between two batches is not counted.
   */
  async rate(batch: Batch, size: number, after?: () => unknown): Promise<number> {
    const count = this.count(size);
    if (!this.tiny) await sample(batch, count, WARM_UP_MS, after);
    const rates: number[] = [];
    for (let i = 0; i < (this.tiny ? 1 : SAMPLES); i++) {
      rates.push(await sample(batch, count, this.tiny ? 0 : SAMPLE_MS, after));
    }
    return median(rates);
  }
}

type Batch = (count: number) => Promise<unknown>;

async function sample(
  batch: Batch,
  count: number,
  milliseconds: number,
  after?: () => unknown,
): Promise<number> {
  let taken = 0;
  let done = 0;
  do {
    const start = performance.now();
    await batch(count);
    taken += performance.now() - start;
    done += count;
    await after?.();
  } while (taken < milliseconds);
  return (done * 1000) / taken;
}
