import type { Pending } from './pending.ts';

const MAX_SESSION = 0x7fffffff;

/**
 * Gives out session numbers and remembers who waits for which. One counter for calls, timers, waits and `genid`,
 * as in the original: 1 up to 2^31-1, then 1 again, numbers in use skipped.
 *
 * Most services have at most one call under way, so the first one needs no Map.
 */
export class SessionTable {
  #last = 0;
  #single: Pending | undefined = undefined;
  #more: Map<number, Pending> | undefined = undefined;

  next(): number {
    do {
      this.#last = this.#last === MAX_SESSION ? 1 : this.#last + 1;
    } while (this.has(this.#last));
    return this.#last;
  }

  has(session: number): boolean {
    return this.#single?.session === session || (this.#more?.has(session) ?? false);
  }

  add(pending: Pending): void {
    if (this.#single === undefined) {
      this.#single = pending;
      return;
    }
    this.#more ??= new Map();
    this.#more.set(pending.session, pending);
  }

  take(session: number): Pending | undefined {
    const single = this.#single;
    if (single !== undefined && single.session === session) {
      this.#single = undefined;
      return single;
    }
    const pending = this.#more?.get(session);
    if (pending !== undefined) this.#more?.delete(session);
    return pending;
  }

  get size(): number {
    return (this.#single === undefined ? 0 : 1) + (this.#more?.size ?? 0);
  }

  all(): Pending[] {
    const list = this.#more === undefined ? [] : [...this.#more.values()];
    if (this.#single !== undefined) list.push(this.#single);
    return list.sort((a, b) => a.session - b.session);
  }
}
