import { HIGH, hashKey, LOW, TAG, TAGGED, type Tag } from './slot.ts';

/** Most strings that are kept decoded. */
const MAX_STRINGS = 65_536;

/** The keys of objects of one kind. */
export interface Shape {
  readonly keys: readonly string[];
  /** Place of each key. */
  readonly places: ReadonlyMap<string, number>;
}

/** Shared data in memory, as one thread reads them; `slot.ts` has the form. */
export class Sheet {
  readonly memory: SharedArrayBuffer;
  /** The cells as numbers; what is none is NaN. */
  readonly numbers: Float64Array;
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  /** Strings that were read: each has one place by its number, which it shares with others of those. */
  readonly #strings: (string | undefined)[];
  readonly #stringIds: Int32Array;
  readonly #shapes: Shape[] = [];

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.numbers = new Float64Array(memory);
    this.#words = new Uint32Array(memory);
    this.#bytes = Buffer.from(memory);
    const kept = Math.min(MAX_STRINGS, 2 ** Math.ceil(Math.log2(Math.max(1, this.high(0)))));
    this.#strings = new Array<string | undefined>(kept);
    this.#stringIds = new Int32Array(kept).fill(-1);
  }

  /** What the cell holds; -1 for a number. */
  tag(cell: number): Tag | -1 {
    if (!Number.isNaN(this.numbers[cell])) return -1;
    return ((this.#words[cell * 2 + HIGH] as number) & ~TAGGED) as Tag;
  }

  /** The container that a cell holds, or the first word of a pair. */
  low(cell: number): number {
    return this.#words[cell * 2 + LOW] as number;
  }

  high(cell: number): number {
    return this.#words[cell * 2 + HIGH] as number;
  }

  /** A value that is no container, by its cell and tag. */
  scalar(cell: number, tag: Tag | -1): unknown {
    switch (tag) {
      case -1:
        return this.numbers[cell];
      case TAG.STRING:
        return this.string(this.low(cell));
      case TAG.TRUE:
        return true;
      case TAG.FALSE:
        return false;
      case TAG.NULL:
        return null;
      case TAG.NAN:
        return Number.NaN;
      case TAG.BIGINT:
        return BigInt(this.string(this.low(cell)));
      case TAG.BYTES:
        return this.#binary(this.low(cell));
      default:
        return undefined;
    }
  }

  string(id: number): string {
    const slot = id & (this.#strings.length - 1);
    if (this.#stringIds[slot] === id) return this.#strings[slot] as string;
    const entry = this.low(2) + id;
    const place = this.low(entry);
    const start = (place >>> 1) * 8;
    const units = this.high(entry);
    const text =
      (place & 1) === 1
        ? this.#bytes.toString('utf16le', start, start + units * 2)
        : this.#bytes.toString('latin1', start, start + units);
    this.#strings[slot] = text;
    this.#stringIds[slot] = id;
    return text;
  }

  shape(id: number): Shape {
    const known = this.#shapes[id];
    if (known !== undefined) return known;
    const entry = this.high(2) + id;
    const start = this.low(entry) * 2;
    const keys = Array.from({ length: this.high(entry) }, (_, i) =>
      this.string(this.#words[start + i] as number),
    );
    const shape: Shape = { keys, places: new Map(keys.map((key, place) => [key, place])) };
    this.#shapes[id] = shape;
    return shape;
  }

  /** The cell of the value of a key in a container; -1 if there is none, or this is no container. */
  cellIn(tag: Tag | -1, node: number, key: unknown): number {
    switch (tag) {
      case TAG.OBJECT: {
        const place = this.shape(this.low(node)).places.get(key as string);
        return place === undefined ? -1 : node + 1 + place;
      }
      case TAG.ARRAY:
        return Number.isInteger(key) && (key as number) >= 0 && (key as number) < this.low(node)
          ? node + 1 + (key as number)
          : -1;
      case TAG.DICT:
      case TAG.MAP:
        return this.#find(node, key);
      default:
        return -1;
    }
  }

  #find(node: number, key: unknown): number {
    const hash = hashKey(key);
    if (hash === undefined) return -1;
    const entries = this.low(node);
    const slots = this.high(node);
    const table = node + 1 + 2 * entries;
    for (let slot = hash & (slots - 1), tried = 0; tried < slots; slot = (slot + 1) & (slots - 1), tried++) {
      const entry = this.high(table + slot);
      if (entry === 0) return -1;
      if (this.low(table + slot) !== hash) continue;
      const cell = node + 1 + 2 * (entry - 1);
      const stored = this.scalar(cell, this.tag(cell));
      if (stored === key || (Number.isNaN(stored) && Number.isNaN(key))) return cell + 1;
    }
    return -1;
  }

  /** A value with everything in it, as ordinary objects. */
  copy(cell: number): unknown {
    const tag = this.tag(cell);
    const node = this.low(cell);
    switch (tag) {
      case TAG.ARRAY:
        return Array.from({ length: this.low(node) }, (_, i) => this.copy(node + 1 + i));
      case TAG.OBJECT: {
        const copy: Record<string, unknown> = {};
        const { keys } = this.shape(this.low(node));
        for (let i = 0; i < keys.length; i++) setKey(copy, keys[i] as string, this.copy(node + 1 + i));
        return copy;
      }
      case TAG.DICT: {
        const copy: Record<string, unknown> = {};
        for (const [key, value] of this.entries(node)) setKey(copy, key as string, this.copy(value));
        return copy;
      }
      case TAG.MAP:
        return new Map(Array.from(this.entries(node), ([key, value]) => [key, this.copy(value)]));
      default:
        return this.scalar(cell, tag);
    }
  }

  /** Keys of a DICT or MAP, and the cells of their values. */
  *entries(node: number): Generator<[key: unknown, cell: number]> {
    const count = this.low(node);
    for (let i = 0; i < count; i++) {
      const cell = node + 1 + 2 * i;
      yield [this.scalar(cell, this.tag(cell)), cell + 1];
    }
  }

  /** With memory of its own: nobody writes into what others read. */
  #binary(node: number): Uint8Array {
    const start = (node + 1) * 8;
    const bytes = this.#bytes.subarray(start, start + this.low(node));
    return this.high(node) === 1 ? Buffer.from(bytes) : Uint8Array.from(bytes);
  }
}

function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
