/** Milliseconds without a refusal after which the next one is told of as if it were the first. */
const QUIET = 60_000;

/** Counts what was refused, and says when that is worth a line in the log: at 1, 2, 4, 8 …, and anew after a quiet minute. */
export class Refusals {
  #count = 0;
  #next = 1;
  #last = Number.NEGATIVE_INFINITY;

  /** One more, at this moment in milliseconds. The number so far, if that is to be told. */
  add(now: number): number | undefined {
    if (now - this.#last > QUIET) {
      this.#count = 0;
      this.#next = 1;
    }
    this.#last = now;
    if (++this.#count < this.#next) return undefined;
    this.#next *= 2;
    return this.#count;
  }
}
