import { type Duration, toMilliseconds } from '../duration.ts';
import type { TimeSource } from '../schedule/time-source.ts';

/** A call that is due at a moment. */
interface Due {
  readonly at: number;
  readonly number: number;
  readonly call: () => void;
}

/** Wall clock at which a fake clock begins, unless told otherwise. */
const BEGINNING: number = Date.UTC(2026, 0, 1);

/**
 * A clock that stands still until a test moves it. What a node's services sleep, time out, repeat and limit calls by goes
 * by it; sockets and what libraries time do not. For nodes with one thread.
 */
export class FakeClock implements TimeSource {
  readonly zero: number;
  #now = 0;
  #numbers = 0;
  #due: Due[] = [];

  /** @param beginning - moment of the wall clock, in milliseconds, at which it begins. Default 2026-01-01 UTC. */
  constructor(beginning: number = BEGINNING) {
    this.zero = beginning;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, call: () => void): () => void {
    const due: Due = { at: this.#now + milliseconds, number: this.#numbers++, call };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  /**
   * Lets so much time pass. What is due on the way happens in its order, and after each moment everything that it has
   * led to settles before the next one comes: a task that sleeps again is woken again, at its own time.
   */
  async advance(time: Duration): Promise<void> {
    const end = this.#now + toMilliseconds(time);
    await settled();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#due = this.#due.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
      await settled();
    }
    this.#now = end;
  }

  #next(end: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) {
      if (
        due.at <= end &&
        (first === undefined || due.at < first.at || (due.at === first.at && due.number < first.number))
      )
        first = due;
    }
    return first;
  }
}

/** Turns of the event loop in which services have done what they could. */
const TURNS = 4;

/** Lets everything run that waits for no time and no peer: a few turns of the event loop. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}
