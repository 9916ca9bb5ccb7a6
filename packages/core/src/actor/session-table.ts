import type { Pending } from './pending.ts';

const MAX_SESSION = 0x7fffffff;

/** Places of the first table. */
const FIRST_SIZE = 16;
/** A table of more places is given back when it has become empty. */
const KEPT_SIZE = 1024;

/**
 * Gives out session numbers and remembers who waits for which. One counter for calls, timers, waits and `genid`,
 * as in the original: 1 up to 2^31-1, then 1 again, numbers in use skipped.
 *
 * Most services have at most one call under way, so the first one needs no table. The others stand in a table of their
 * own making, at the place of their number or the next free one. Not in a Map: when it replaces its memory after some
 * deletions, the old piece points to the new one, so once one of them has grown old every later one, with all that
 * waited in it, outlives the quick collections. With 64 calls under way that took half of all time.
 */
export class SessionTable {
  #last = 0;
  #single: Pending | undefined = undefined;
  #places: (Pending | undefined)[] | undefined = undefined;
  /** Entries in the table. */
  #count = 0;

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
    return this.#places?.[this.#find(session)];
  }

  add(pending: Pending): void {
    if (this.#single === undefined) this.#single = pending;
    else {
      this.#count++;
      this.#places ??= emptyPlaces(FIRST_SIZE);
      if (this.#count * 2 > this.#places.length) this.#grow(this.#places);
      put(this.#places, pending);
    }
  }

  take(session: number): Pending | undefined {
    const single = this.#single;
    if (single !== undefined && single.session === session) {
      this.#single = undefined;
      return single;
    }
    const at = this.#find(session);
    if (at < 0) return undefined;
    const places = this.#places as (Pending | undefined)[];
    const pending = places[at];
    close(places, at);
    if (--this.#count === 0 && places.length > KEPT_SIZE) this.#places = undefined;
    return pending;
  }

  get size(): number {
    return (this.#single === undefined ? 0 : 1) + this.#count;
  }

  all(): Pending[] {
    const list = (this.#places ?? []).filter((pending) => pending !== undefined);
    if (this.#single !== undefined) list.push(this.#single);
    return list.sort((a, b) => a.session - b.session);
  }

  /** Place of a session in the table, -1 if it is not there. */
  #find(session: number): number {
    const places = this.#places;
    if (places === undefined) return -1;
    const mask = places.length - 1;
    for (let at = session & mask; ; at = (at + 1) & mask) {
      const pending = places[at];
      if (pending === undefined) return -1;
      if (pending.session === session) return at;
    }
  }

  #grow(places: readonly (Pending | undefined)[]): void {
    const larger = emptyPlaces(places.length * 2);
    for (const pending of places) if (pending !== undefined) put(larger, pending);
    this.#places = larger;
  }
}

function emptyPlaces(size: number): (Pending | undefined)[] {
  return new Array<Pending | undefined>(size).fill(undefined);
}

function put(places: (Pending | undefined)[], pending: Pending): void {
  const mask = places.length - 1;
  let at = pending.session & mask;
  while (places[at] !== undefined) at = (at + 1) & mask;
  places[at] = pending;
}

/** Empties a place; those behind it that would no longer be found move up. */
function close(places: (Pending | undefined)[], at: number): void {
  const mask = places.length - 1;
  let hole = at;
  for (let next = (at + 1) & mask; ; next = (next + 1) & mask) {
    const pending = places[next];
    if (pending === undefined) break;
    const distance = (next - pending.session) & mask;
    if (distance < ((next - hole) & mask)) continue;
    places[hole] = pending;
    hole = next;
  }
  places[hole] = undefined;
}
