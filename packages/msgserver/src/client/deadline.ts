/** Milliseconds between two looks at the clock. */
const LOOK = 1000;
/** Milliseconds by which a timer may fire late on a host that is merely busy. */
const LATE = 100;
/** Milliseconds that are left after a freeze, unless the whole time is shorter. */
const GRACE = 5000;
/** How often that is granted in a row: hosts that slow down the timers of hidden pages are late for ever. */
const GRACES = 3;

/**
 * A time limit of somebody who waits for the network, fair after a freeze: a page in the background, a laptop that
 * slept, a process that was stopped.
 *
 * A host that wakes runs its timers first and reads its sockets then. A plain timer would find that nothing came in time
 * although the answer is there. This one looks at the clock now and then, and when a look comes much later than it was
 * due, it leaves time for what has come to be read.
 */
export class Deadline {
  readonly #time: number;
  readonly #passed: () => void;
  #end = 0;
  /** When the next look is due. */
  #due = 0;
  #graces = GRACES;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #look = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    const least = now + Math.min(this.#time, GRACE);
    if (now - this.#due > LATE && this.#end < least && this.#graces > 0) {
      this.#graces--;
      this.#end = least;
    }
    if (now < this.#end) this.#wait(now);
    else this.#passed();
  };

  /** @param time Milliseconds; `passed` is called that long after {@link start}, once. */
  constructor(time: number, passed: () => void) {
    this.#time = time;
    this.#passed = passed;
  }

  /** Begins to count, or begins anew. */
  start(): this {
    const now = performance.now();
    this.#end = now + this.#time;
    this.#graces = GRACES;
    if (this.#timer === undefined) this.#wait(now);
    return this;
  }

  /** It will not pass any more, unless it is started again. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(now: number): void {
    const slice = Math.min(this.#end - now, LOOK);
    this.#due = now + slice;
    this.#timer = setTimeout(this.#look, slice);
  }
}
