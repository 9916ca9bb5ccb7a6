/** How many restarts in a time are too many, and how long to wait before the next. */
export class RestartLimit {
  readonly #intensity: number;
  readonly #period: number;
  readonly #first: number;
  readonly #longest: number;
  #moments: number[] = [];

  /** `intensity` restarts within `period` are allowed; the second one waits `first`, each further one twice as long. */
  constructor(limits: { intensity: number; period: number; first: number; longest: number }) {
    this.#intensity = limits.intensity;
    this.#period = limits.period;
    this.#first = limits.first;
    this.#longest = limits.longest;
  }

  /** Notes a restart. Returns the milliseconds to wait before it, undefined if it is one too many. */
  next(now: number): number | undefined {
    this.#moments = this.#moments.filter((moment) => now - moment < this.#period);
    const before = this.#moments.length;
    if (before >= this.#intensity) return undefined;
    this.#moments.push(now);
    return before === 0 ? 0 : Math.min(this.#first * 2 ** (before - 1), this.#longest);
  }
}
