/** Milliseconds after which what was seen of the other clock counts no more: clocks drift. */
const WINDOW = 30_000;

/**
 * What the clock of another node shows. Frames that carry a moment tell of it, the later the longer they were under way; the
 * quickest of the last minute counts. So a moment of that clock is known here without both being set alike, and what was
 * under way for longer than others is seen to be late.
 *
 * Moments are milliseconds in 32 bits, whose beginning only the other side knows.
 */
export class PeerClock {
  /** What this node's clock is ahead, by the quickest frame of this window and of the one before. */
  #ahead: number | undefined;
  #aheadBefore: number | undefined;
  #since = 0;

  /** A frame that left at this moment of the other clock has come now. */
  saw(moment: number, now: number): void {
    const sample = now - moment;
    if (this.#ahead === undefined || now - this.#since > WINDOW) {
      this.#aheadBefore = now - this.#since > 2 * WINDOW ? undefined : this.#ahead;
      this.#ahead = sample;
      this.#since = now;
    } else this.#ahead = lower(this.#ahead, sample);
  }

  /** Milliseconds from now until a moment of the other clock; undefined if nothing is known of that. */
  until(moment: number, now: number): number | undefined {
    if (this.#ahead === undefined) return undefined;
    const ahead = this.#aheadBefore === undefined ? this.#ahead : lower(this.#ahead, this.#aheadBefore);
    return Math.round(moment - now + ahead) | 0;
  }
}

/** Moments begin anew after 32 bits, so the lower of two is the one that the other is a little above. */
function lower(a: number, b: number): number {
  return (Math.round(b - a) | 0) < 0 ? b : a;
}
