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

/** Width of a slot of a level above 0, in milliseconds: 256, 16384, about 17 minutes, 19 hours, 50 days. */
const WIDTHS: readonly number[] = Array.from(
  { length: FAR_LEVELS },
  (_, i) => 2 ** (NEAR_BITS + i * FAR_BITS),
);

function widthOf(level: number): number {
  return WIDTHS[level - 1] as number;
}

/**
 * A hierarchical timing wheel: putting in and taking out cost the same with a million entries as with one, and every
 * entry fires in its very millisecond. It allocates nothing.
 *
 *   level 0   256 slots of 1 ms        less than 256 ms away when put in
 *   level 1    64 slots of 256 ms      less than 16 s away
 *   level 2    64 slots of 16 s        less than 17 minutes away ...
 *
 * Every level goes round: its slots are those ahead of `now`, wherever that stands. When `now` enters a slot, its entries
 * move down, a slot at a time: so no more of them move at once than are due in one slot. (Levels that are filled block
 * by block instead move everything beyond the end of a block in one go, 100 ms of work for a million timers.)
 *
 * What moves down was put in before anything of the same moment that stands there already, so it goes in front of it:
 * entries of the same moment fire in the order in which they were put in.
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
    this.#append(entry);
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
        // Nothing to fire before the next slot of a higher level begins.
        const jump = Math.min(now, this.#nextDescent());
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
    const descent = this.#nextDescent();
    if (this.#counts[0]! > 0) {
      const end = Math.min(descent, this.#now + NEAR_SLOTS);
      for (let at = this.#now + 1; at < end; at++) if (this.#heads[at % NEAR_SLOTS] !== undefined) return at;
    }
    return descent;
  }

  /** When the next slot of a higher level begins that holds something, `Infinity` if none does. */
  #nextDescent(): number {
    let next = Number.POSITIVE_INFINITY;
    for (let level = 1; level <= FAR_LEVELS; level++) {
      if (this.#counts[level] === 0) continue;
      const width = widthOf(level);
      const here = Math.floor(this.#now / width);
      for (let at = here + 1; at <= here + FAR_SLOTS && at * width < next; at++) {
        if (this.#heads[farSlot(level, at)] !== undefined) next = at * width;
      }
    }
    return next;
  }

  /** The slot for an entry, by how far off it is. */
  #slotFor(due: number): number {
    const distance = due - this.#now;
    if (distance < NEAR_SLOTS) return due % NEAR_SLOTS;
    let level = 1;
    let width = NEAR_SLOTS;
    while (level < FAR_LEVELS && distance >= width * FAR_SLOTS) {
      level++;
      width *= FAR_SLOTS;
    }
    return farSlot(level, Math.floor(due / width));
  }

  /** Puts an entry at the end of its slot. */
  #append(entry: WheelEntry): void {
    const slot = this.#slotFor(entry.due);
    const tail = this.#tails[slot];
    entry.slot = slot;
    entry.next = undefined;
    entry.wheelPrev = tail;
    if (tail === undefined) this.#heads[slot] = entry;
    else tail.next = entry;
    this.#tails[slot] = entry;
    this.#counts[levelOf(slot)]!++;
  }

  /** Puts an entry at the front of its slot. */
  #prepend(entry: WheelEntry): void {
    const slot = this.#slotFor(entry.due);
    const head = this.#heads[slot];
    entry.slot = slot;
    entry.next = head;
    entry.wheelPrev = undefined;
    if (head === undefined) this.#tails[slot] = entry;
    else head.wheelPrev = entry;
    this.#heads[slot] = entry;
    this.#counts[levelOf(slot)]!++;
  }

  /** `now` has entered a slot of level 1, and perhaps of levels above: their entries move down, the oldest in front. */
  #moveDown(): void {
    for (let level = 1; level <= FAR_LEVELS && this.#now % widthOf(level) === 0; level++) {
      const slot = farSlot(level, Math.floor(this.#now / widthOf(level)));
      let entry = this.#tails[slot];
      this.#heads[slot] = undefined;
      this.#tails[slot] = undefined;
      // Backwards, each in front of the one before.
      while (entry !== undefined) {
        const previous: WheelEntry | undefined = entry.wheelPrev;
        this.#counts[level]!--;
        this.#prepend(entry);
        entry = previous;
      }
    }
  }
}

/** Place of the slot of a far level that begins at `index` times its width. */
function farSlot(level: number, index: number): number {
  return NEAR_SLOTS + (level - 1) * FAR_SLOTS + (index % FAR_SLOTS);
}

function levelOf(slot: number): number {
  return slot < NEAR_SLOTS ? 0 : ((slot - NEAR_SLOTS) >> FAR_BITS) + 1;
}
