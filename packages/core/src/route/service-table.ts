import { SkynetError } from '../errors.ts';
import { MAX_LOCAL_HANDLE } from '../handle.ts';

/** Something that has a place in the table. */
export interface Numbered {
  /** Number inside the node, 1 to 0xffffff. */
  readonly local: number;
}

/**
 * Gives out the numbers of services and finds a service by its number, the way of the original: the number modulo
 * the table's size is its slot, so finding is one look-up, and a number is not seen again before the counter has
 * gone round 16 million.
 *
 *   size 16, cursor 0x10:   slot 0 free -> 0x10;  slot 1 taken by 0x01 -> skip;  slot 2 free -> 0x12 ...
 *   no slot free: double the table, put everybody in the slot of the new size, go on at the same cursor
 */
export class ServiceTable<Entry extends Numbered> {
  #slots: (Entry | undefined)[] = new Array<Entry | undefined>(4).fill(undefined);
  #cursor = 1;
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Whether the number's place is free, so that {@link put} can be called with it. */
  isFree(local: number): boolean {
    return this.#slots[local & (this.#slots.length - 1)] === undefined;
  }

  /** Chooses the next number; its entry must be put in before another one is chosen. @throws ERR_HANDLES_EXHAUSTED. */
  newNumber(): number {
    for (;;) {
      const mask = this.#slots.length - 1;
      let local = this.#cursor;
      for (let tries = 0; tries <= mask; tries++, local++) {
        if (local > MAX_LOCAL_HANDLE) local = 1;
        if (this.#slots[local & mask] !== undefined) continue;
        this.#cursor = local + 1;
        return local;
      }
      this.#grow();
    }
  }

  /** Puts an entry in; its place must be free. */
  put(entry: Entry): void {
    this.#slots[entry.local & (this.#slots.length - 1)] = entry;
    this.#count++;
  }

  /** The same for numbers chosen elsewhere: a table that has grown crowded doubles, so that free places are found quickly. */
  putSparsely(entry: Entry): void {
    this.put(entry);
    if (this.#count * 2 > this.#slots.length) this.#grow();
  }

  get(local: number): Entry | undefined {
    const entry = this.#slots[local & (this.#slots.length - 1)];
    return entry !== undefined && entry.local === local ? entry : undefined;
  }

  remove(local: number): boolean {
    if (this.get(local) === undefined) return false;
    this.#slots[local & (this.#slots.length - 1)] = undefined;
    this.#count--;
    return true;
  }

  /** Everybody, lowest number first. */
  all(): Entry[] {
    return this.#slots.filter((entry) => entry !== undefined).sort((a, b) => a.local - b.local);
  }

  #grow(): void {
    const size = this.#slots.length * 2;
    if (size > MAX_LOCAL_HANDLE + 1)
      throw new SkynetError('ERR_HANDLES_EXHAUSTED', 'all service numbers are taken');
    const slots = new Array<Entry | undefined>(size).fill(undefined);
    for (const entry of this.#slots) if (entry !== undefined) slots[entry.local & (size - 1)] = entry;
    this.#slots = slots;
  }
}
