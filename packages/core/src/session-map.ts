/** Something that is found by a session. */
export interface HasSession {
  /** Number that tells it from the others in the map. */
  readonly session: number;
}

/** Places of the first table. */
const FIRST_SIZE = 16;
/** A table of more places is given back when it has become empty. */
const KEPT_SIZE = 1024;

/**
 * Entries by their session, for what comes and goes all the time: each at a place of its number or the next free one.
 * Numbers that follow each other have places far apart: otherwise those that stay, as calls to a node that is blocked, are a
 * row that each later one has to be tried against.
 *
 * Not a Map: when that replaces its memory after some deletions, the old piece points to the new one, so once one of them
 * has grown old every later one, with all that was in it, outlives the quick collections. With 64 calls under way that took
 * half of all time.
 */
export class SessionMap<Entry extends HasSession> {
  #places: (Entry | undefined)[] | undefined = undefined;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The one with this session, undefined if there is none. */
  get(session: number): Entry | undefined {
    const at = this.#find(session);
    // A look at place -1 would be one at a name, a hundred times as slow.
    return at < 0 ? undefined : (this.#places as (Entry | undefined)[])[at];
  }

  /** Puts an entry in; there must be none with its session. */
  add(entry: Entry): void {
    this.#size++;
    this.#places ??= emptyPlaces(FIRST_SIZE);
    if (this.#size * 2 > this.#places.length) this.#grow(this.#places);
    put(this.#places, entry);
  }

  /** Takes an entry out, if it is there. */
  take(session: number): Entry | undefined {
    const at = this.#find(session);
    if (at < 0) return undefined;
    const places = this.#places as (Entry | undefined)[];
    const entry = places[at];
    close(places, at);
    if (--this.#size === 0 && places.length > KEPT_SIZE) this.#places = undefined;
    return entry;
  }

  /** Everything that is in, in no order. */
  all(): Entry[] {
    return (this.#places ?? []).filter((entry) => entry !== undefined);
  }

  /** Place of a session, -1 if it is not there. */
  #find(session: number): number {
    const places = this.#places;
    if (places === undefined) return -1;
    const mask = places.length - 1;
    for (let at = placeOf(session, places.length); ; at = (at + 1) & mask) {
      const entry = places[at];
      if (entry === undefined) return -1;
      if (entry.session === session) return at;
    }
  }

  #grow(places: readonly (Entry | undefined)[]): void {
    const larger = emptyPlaces<Entry>(places.length * 2);
    for (const entry of places) if (entry !== undefined) put(larger, entry);
    this.#places = larger;
  }
}

/** The upper bits of the product with the golden ratio. `length` is a power of two. */
function placeOf(session: number, length: number): number {
  return Math.imul(session, 0x9e3779b1) >>> (Math.clz32(length) + 1);
}

function emptyPlaces<Entry>(size: number): (Entry | undefined)[] {
  return new Array<Entry | undefined>(size).fill(undefined);
}

function put<Entry extends HasSession>(places: (Entry | undefined)[], entry: Entry): void {
  const mask = places.length - 1;
  let at = placeOf(entry.session, places.length);
  while (places[at] !== undefined) at = (at + 1) & mask;
  places[at] = entry;
}

/** Empties a place; those behind it that would no longer be found move up. */
function close(places: (HasSession | undefined)[], at: number): void {
  const mask = places.length - 1;
  let hole = at;
  for (let next = (at + 1) & mask; ; next = (next + 1) & mask) {
    const entry = places[next];
    if (entry === undefined) break;
    const distance = (next - placeOf(entry.session, places.length)) & mask;
    if (distance < ((next - hole) & mask)) continue;
    places[hole] = entry;
    hole = next;
  }
  places[hole] = undefined;
}
