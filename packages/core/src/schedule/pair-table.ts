/** Places that a pair may have. */
const PROBES = 8;

/**
 * Sums for pairs of 32-bit numbers, in a table whose size never changes: where there is no place any more, the smallest
 * sum near by is forgotten. What is frequent stays.
 */
export class PairTable {
  readonly #mask: number;
  readonly #first: Uint32Array;
  readonly #second: Uint32Array;
  readonly #sums: Float64Array;
  #isEmpty = true;

  /** @param slots - places, a power of two. */
  constructor(slots: number) {
    this.#mask = slots - 1;
    this.#first = new Uint32Array(slots);
    this.#second = new Uint32Array(slots);
    this.#sums = new Float64Array(slots);
  }

  /** Adds to a pair's sum; `amount` is above 0. */
  add(first: number, second: number, amount: number): void {
    this.#isEmpty = false;
    const start = (Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)) >>> 7;
    let place = start & this.#mask;
    for (let probe = 0; probe < PROBES; probe++) {
      const at = (start + probe) & this.#mask;
      const sum = this.#sums[at] as number;
      if (sum > 0 && this.#first[at] === first && this.#second[at] === second) {
        this.#sums[at] = sum + amount;
        return;
      }
      if (sum < (this.#sums[place] as number)) place = at;
    }
    this.#first[place] = first;
    this.#second[place] = second;
    this.#sums[place] = amount;
  }

  /** All pairs with their sums; the table is empty then. */
  take(): [first: number, second: number, sum: number][] {
    const all: [number, number, number][] = [];
    if (this.#isEmpty) return all;
    for (let at = 0; at < this.#sums.length; at++) {
      const sum = this.#sums[at] as number;
      if (sum > 0) all.push([this.#first[at] as number, this.#second[at] as number, sum]);
    }
    this.#sums.fill(0);
    this.#isEmpty = true;
    return all;
  }
}
