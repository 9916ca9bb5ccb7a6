/** Pauses between attempts, one after another; after the last they begin again. */
export class Pauses {
  readonly #pauses: readonly number[];
  #next = 0;

  /** @param pauses in any unit, at least one. */
  constructor(pauses: readonly number[]) {
    this.#pauses = pauses;
  }

  /** The pause before the next attempt. */
  next(): { readonly pause: number; readonly last: boolean } {
    const pause = this.#pauses[this.#next] ?? 0;
    this.#next = (this.#next + 1) % this.#pauses.length;
    return { pause, last: this.#next === 0 };
  }

  /** It has worked: the next failure begins with the first pause. */
  reset(): void {
    this.#next = 0;
  }
}
