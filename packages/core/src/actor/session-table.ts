import { SessionMap } from '../session-map.ts';
import type { Pending } from './pending.ts';

const MAX_SESSION = 0x7fffffff;

/**
 * Gives out session numbers and remembers who waits for which. One counter for calls, timers, waits and `genid`,
 * as in the original: 1 up to 2^31-1, then 1 again, numbers in use skipped.
 *
 * Most services have at most one call under way, so the first one needs no table.
 */
export class SessionTable {
  #last = 0;
  #single: Pending | undefined = undefined;
  #others: SessionMap<Pending> | undefined = undefined;

  next(): number {
    do {
      this.#last = this.#last === MAX_SESSION ? 1 : this.#last + 1;
    } while (this.has(this.#last));
    return this.#last;
  }

  /** The last one given out. */
  get last(): number {
    return this.#last;
  }

  /** Goes on behind a session that another table has given out. */
  startAfter(session: number): void {
    this.#last = session;
  }

  has(session: number): boolean {
    return this.get(session) !== undefined;
  }

  get(session: number): Pending | undefined {
    if (this.#single?.session === session) return this.#single;
    return this.#others?.get(session);
  }

  add(pending: Pending): void {
    if (this.#single === undefined) this.#single = pending;
    else {
      this.#others ??= new SessionMap();
      this.#others.add(pending);
    }
  }

  take(session: number): Pending | undefined {
    const single = this.#single;
    if (single !== undefined && single.session === session) {
      this.#single = undefined;
      return single;
    }
    return this.#others?.take(session);
  }

  get size(): number {
    return (this.#single === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  all(): Pending[] {
    const list = this.#others?.all() ?? [];
    if (this.#single !== undefined) list.push(this.#single);
    return list.sort((a, b) => a.session - b.session);
  }
}
