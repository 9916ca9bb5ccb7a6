/** Something that waits in a {@link Wheel}. The fields belong to the wheel while it does. */
export interface WheelEntry {
  /** Moment in milliseconds at which it fires. */
  due: number;
  /** Place in the wheel, -1 when it is not in. */
  slot: number;
  next: WheelEntry | undefined;
  wheelPrev: WheelEntry | undefined;
}

const NEAR_BITS = 8;
const FAR_BITS = 6;
const FAR_LEVELS = 5;
const NEAR_SLOTS = 1 << NEAR_BITS;
const FAR_SLOTS = 1 << FAR_BITS;
const SLOTS = NEAR_SLOTS + FAR_LEVELS * FAR_SLOTS;

/** Width of a slot of a level, in milliseconds: 1, 256, 16384, about 17 minutes, 19 hours, 50 days. */
function widthOf(level: number): number {
  return level === 0 ? 1 : 2 ** (NEAR_BITS + (level - 1) * FAR_BITS);
}

/**
 * A hierarchical timing wheel: it gives up nothing in precision (1 ms), only the order in which far entries are kept,
 * so that putting in and taking out cost the same with a million entries as with one. It allocates nothing.
 *
 *   level 0   256 slots of 1 ms        the block of 256 ms in which `now` lies
 *   level 1    64 slots of 256 ms      the rest of the 16 s block
 *   level 2    64 slots of 16 s ...
 *
 * An entry stands in the lowest level whose block also holds `now`. When `now` enters a slot of a higher level, its
 * entries move down, in order, before anything can be put there directly: entries of the same moment therefore fire
 * in the order in which they were put in.
 */
export class Wheel<Entry extends WheelEntry> {
  readonly #heads = new Array<WheelEntry | undefined>(SLOTS).fill(undefined);
  readonly #tails = new Array<WheelEntry | undefined>(SLOTS).fill(undefined);
  readonly #counts: number[] = new Array<number>(FAR_LEVELS + 1).fill(0);
  #now: number;
  #size = 0;

  constructor(now: number) {
    this.#now = now;
  }

  get size(): number {
    return this.#size;
  }

  /** Puts an entry in; a moment that has passed means the next {@link advance}. */
  insert(entry: Entry, due: number): void {
    entry.due = due > this.#now ? due : this.#now + 1;
    this.#size++;
    this.#place(entry);
  }

  /** Takes an entry out. Returns whether it was in. */
  remove(entry: Entry): boolean {
    const slot = entry.slot;
    if (slot < 0) return false;
    const { wheelPrev: prev, next } = entry;
    if (prev === undefined) this.#heads[slot] = next;
    else prev.next = next;
    if (next === undefined) this.#tails[slot] = prev;
    else next.wheelPrev = prev;
    this.#counts[levelOf(slot)]!--;
    this.#size--;
    entry.slot = -1;
    entry.next = undefined;
    entry.wheelPrev = undefined;
    return true;
  }

  /** Moves to `now` and fires, in order, what is due by then. `fire` may put in and take out. */
  advance(now: number, fire: (entry: Entry) => void): void {
    while (this.#now < now) {
      if (this.#counts[0] === 0) {
        // Nothing in this block: go to the end of it, or of the first block above that holds something.
        const jump = Math.min(now, this.#size === 0 ? now : this.#nextBlock());
        if (jump > this.#now + 1) this.#now = jump - 1;
      }
      this.#now++;
      if (this.#now % NEAR_SLOTS === 0) this.#moveDown();
      const slot = this.#now % NEAR_SLOTS;
      for (let entry = this.#heads[slot]; entry !== undefined; entry = this.#heads[slot]) {
        this.remove(entry as Entry);
        fire(entry as Entry);
      }
    }
  }

  /** The next moment at which {@link advance} has something to do, `Infinity` if none. May come early for far entries. */
  nextWake(): number {
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    if (this.#counts[0]! > 0) {
      const end = this.#now - (this.#now % NEAR_SLOTS) + NEAR_SLOTS;
      for (let at = this.#now + 1; at < end; at++) if (this.#heads[at % NEAR_SLOTS] !== undefined) return at;
    }
    return this.#nextBlock();
  }

  /** Start of the next far slot that holds something, `Infinity` if none does. */
  #nextBlock(): number {
    for (let level = 1; level <= FAR_LEVELS; level++) {
      if (this.#counts[level] === 0) continue;
      const width = widthOf(level);
      const here = Math.floor(this.#now / width);
      // Only the top level goes round: a lower one holds nothing beyond the block that `now` is in.
      const end = level === FAR_LEVELS ? here + FAR_SLOTS : here - (here % FAR_SLOTS) + FAR_SLOTS;
      for (let at = here + 1; at < end; at++) {
        if (this.#heads[NEAR_SLOTS + (level - 1) * FAR_SLOTS + (at % FAR_SLOTS)] !== undefined)
          return at * width;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  #place(entry: WheelEntry): void {
    const { due } = entry;
    let level = 0;
    let width = NEAR_SLOTS;
    while (level < FAR_LEVELS && Math.floor(due / width) !== Math.floor(this.#now / width)) {
      level++;
      width *= FAR_SLOTS;
    }
    const slot =
      level === 0
        ? due % NEAR_SLOTS
        : NEAR_SLOTS + (level - 1) * FAR_SLOTS + (Math.floor(due / widthOf(level)) % FAR_SLOTS);
    const tail = this.#tails[slot];
    entry.slot = slot;
    entry.next = undefined;
    entry.wheelPrev = tail;
    if (tail === undefined) this.#heads[slot] = entry;
    else tail.next = entry;
    this.#tails[slot] = entry;
    this.#counts[level]!++;
  }

  /** `now` has entered a new block of level 0: brings the entries of that block down from the levels above. */
  #moveDown(): void {
    let top = 1;
    while (top < FAR_LEVELS && this.#now % widthOf(top + 1) === 0) top++;
    for (let level = top; level >= 1; level--) {
      const slot =
        NEAR_SLOTS + (level - 1) * FAR_SLOTS + (Math.floor(this.#now / widthOf(level)) % FAR_SLOTS);
      let entry = this.#heads[slot];
      this.#heads[slot] = undefined;
      this.#tails[slot] = undefined;
      while (entry !== undefined) {
        const next: WheelEntry | undefined = entry.next;
        this.#counts[level]!--;
        this.#place(entry);
        entry = next;
      }
    }
  }
}

function levelOf(slot: number): number {
  return slot < NEAR_SLOTS ? 0 : ((slot - NEAR_SLOTS) >> FAR_BITS) + 1;
}
