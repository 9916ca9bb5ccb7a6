import { hashKey } from './slot.ts';

/**
 * Places for views in larger containers, for each view of a whole. A view has one of them by its container and key, and the
 * one made last stays there. (Keeping all for as long as somebody has them would take a WeakRef for each, and one loop over
 * a large table would hold all of them at once.) A power of two.
 */
const KEPT_IN_LARGE = 8192;
/** So that the beginnings of containers do not meet. */
const KEYS_BETWEEN = 1237;

/** Views in the large containers of one whole. */
export class LargeKept<Item> {
  readonly #items: (Item | undefined)[] = new Array<Item | undefined>(KEPT_IN_LARGE);
  /** How many containers have asked, each of which has places of its own as far as there are enough. */
  #containers = 0;

  /** For {@link slot}. */
  join(): number {
    return this.#containers++ * KEYS_BETWEEN;
  }

  slot(start: number, key: unknown): number {
    return (start + (typeof key === 'number' ? key : (hashKey(key) as number))) & (KEPT_IN_LARGE - 1);
  }

  get(slot: number): Item | undefined {
    return this.#items[slot];
  }

  set(slot: number, item: Item): void {
    this.#items[slot] = item;
  }
}
