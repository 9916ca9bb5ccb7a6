/** How many requests a player may make. */
export class Rate {
  readonly #perMillisecond: number;
  readonly #burst: number;
  #left: number;
  #at: number;

  /** @param rate Requests a second; 0: no limit. @param burst How many at once. @param now Milliseconds. */
  constructor(rate: number, burst: number, now: number) {
    this.#perMillisecond = rate / 1000;
    this.#burst = burst;
    this.#left = burst;
    this.#at = now;
  }

  /** Whether one more is allowed. What is refused counts too, down to a second burst below nothing. */
  take(now: number): boolean {
    if (this.#perMillisecond === 0) return true;
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMillisecond);
    this.#at = now;
    this.#left = Math.max(this.#left - 1, -2 * this.#burst);
    return this.#left >= 0;
  }

  /** So many were refused that nobody means well by them. */
  get isFlood(): boolean {
    return this.#perMillisecond > 0 && this.#left < -this.#burst;
  }
}
