import { types } from 'node:util';
import { refusal } from '../codec/value.ts';
import { SkynetError } from '../errors.ts';
import type { ShareDataErrorCode } from './errors.ts';
import {
  HEADER,
  HIGH,
  hashKey,
  LOW,
  MAX_CELLS,
  MAX_SHAPE_KEYS,
  ROOT,
  TAG,
  TAGGED,
  type Tag,
} from './slot.ts';

/** Deepest nesting, as of messages. */
const MAX_DEPTH = 512;
/** Shapes at most; objects of further ones are dictionaries. */
const MAX_SHAPES = 65_536;
const WIDE = /[^\p{ASCII}\u0080-\u00ff]/u;

/** A point in the tree of keys; the way from the root to it is a list of strings. */
class ShapeNode {
  id = -1;
  readonly next = new Map<number, ShapeNode>();
}

/** What keys of maps may be. */
export type MapKeys = 'text, a number or a boolean' | 'text or a whole number';

/**
 * Writes a value in the form of `slot.ts`, into memory that all threads can read.
 * @throws ERR_UNSERIALIZABLE, ERR_SHAREDATA_VALUE, ERR_SHAREDATA_SIZE.
 */
export function writeSheet(value: unknown, keys: MapKeys = 'text, a number or a boolean'): SharedArrayBuffer {
  return new SheetWriter(keys).write(value);
}

class SheetWriter {
  #cells = 1024;
  #numbers = new Float64Array(this.#cells);
  #words = new Uint32Array(this.#numbers.buffer);
  #bytes = Buffer.from(this.#numbers.buffer);
  #end = HEADER;
  readonly #strings = new Map<string, number>();
  readonly #shapes = new ShapeNode();
  readonly #shapeKeys: number[][] = [];
  readonly #keys: MapKeys;
  #root: unknown;

  constructor(keys: MapKeys) {
    this.#keys = keys;
  }

  write(value: unknown): SharedArrayBuffer {
    this.#root = value;
    this.#value(ROOT, value, 0);
    const strings = this.#writeStrings();
    this.#pair(2, strings, this.#writeShapes());
    this.#pair(0, this.#end, this.#strings.size);
    const shared = new SharedArrayBuffer(this.#end * 8);
    new Uint32Array(shared).set(this.#words.subarray(0, this.#end * 2));
    return shared;
  }

  #value(cell: number, value: unknown, depth: number): void {
    switch (typeof value) {
      case 'number':
        if (Number.isNaN(value)) this.#tag(cell, TAG.NAN, 0);
        else this.#numbers[cell] = value;
        break;
      case 'string':
        this.#tag(cell, TAG.STRING, this.#string(value));
        break;
      case 'boolean':
        this.#tag(cell, value ? TAG.TRUE : TAG.FALSE, 0);
        break;
      case 'undefined':
        this.#tag(cell, TAG.UNDEFINED, 0);
        break;
      case 'bigint':
        this.#tag(cell, TAG.BIGINT, this.#string(value.toString()));
        break;
      case 'object':
        if (value === null) this.#tag(cell, TAG.NULL, 0);
        else if (depth >= MAX_DEPTH) throw refusal(this.#root);
        else this.#object(cell, value, depth + 1);
        break;
      default:
        throw refusal(this.#root);
    }
  }

  #object(cell: number, value: object, depth: number): void {
    if (Array.isArray(value)) this.#array(cell, value, depth);
    else if (value instanceof Uint8Array) this.#binary(cell, value);
    else if (types.isMap(value)) this.#map(cell, value, depth);
    else if (isPlain(value)) this.#plain(cell, value, depth);
    else throw refusal(this.#root);
  }

  #array(cell: number, items: readonly unknown[], depth: number): void {
    const { length } = items;
    const node = this.#reserve(1 + length);
    this.#pair(node, length, 0);
    for (let i = 0; i < length; i++) this.#value(node + 1 + i, items[i], depth);
    this.#tag(cell, TAG.ARRAY, node);
  }

  #binary(cell: number, bytes: Uint8Array): void {
    const node = this.#reserve(1 + Math.ceil(bytes.length / 8));
    this.#pair(node, bytes.length, Buffer.isBuffer(bytes) ? 1 : 0);
    this.#bytes.set(bytes, (node + 1) * 8);
    this.#tag(cell, TAG.BYTES, node);
  }

  #plain(cell: number, value: Record<string, unknown>, depth: number): void {
    const keys = Object.keys(value);
    const shape = keys.length <= MAX_SHAPE_KEYS ? this.#shape(keys) : -1;
    if (shape < 0) {
      this.#entries(
        cell,
        TAG.DICT,
        keys.map((key) => [key, value[key]]),
        depth,
      );
      return;
    }
    const node = this.#reserve(1 + keys.length);
    this.#pair(node, shape, keys.length);
    for (let i = 0; i < keys.length; i++) this.#value(node + 1 + i, value[keys[i] as string], depth);
    this.#tag(cell, TAG.OBJECT, node);
  }

  #map(cell: number, map: ReadonlyMap<unknown, unknown>, depth: number): void {
    for (const key of map.keys()) {
      if (this.#isKey(key)) continue;
      const what = typeof key === 'number' ? String(key) : key === null ? 'null' : typeof key;
      throw new SkynetError<ShareDataErrorCode>(
        'ERR_SHAREDATA_VALUE',
        `a key of a map is ${this.#keys}, not ${what}`,
      );
    }
    this.#entries(cell, TAG.MAP, [...map], depth);
  }

  #isKey(key: unknown): boolean {
    if (this.#keys === 'text, a number or a boolean') return hashKey(key) !== undefined;
    return typeof key === 'string' || typeof key === 'bigint' || Number.isInteger(key);
  }

  /** Keys with values that are found by the hash of the key. */
  #entries(cell: number, tag: Tag, entries: readonly (readonly [unknown, unknown])[], depth: number): void {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, entries.length * 1.5)));
    const node = this.#reserve(1 + 2 * entries.length + slots);
    this.#pair(node, entries.length, slots);
    const table = node + 1 + 2 * entries.length;
    for (let slot = 0; slot < slots; slot++) this.#pair(table + slot, 0, 0);
    entries.forEach(([key, value], i) => {
      this.#value(node + 1 + 2 * i, key, depth);
      this.#value(node + 2 + 2 * i, value, depth);
      const hash = hashKey(key) as number;
      let slot = hash & (slots - 1);
      while (this.#words[(table + slot) * 2 + HIGH] !== 0) slot = (slot + 1) & (slots - 1);
      this.#pair(table + slot, hash, i + 1);
    });
    this.#tag(cell, tag, node);
  }

  /** Number of the shape with these keys, -1 if there are too many shapes. */
  #shape(keys: readonly string[]): number {
    let node = this.#shapes;
    const ids: number[] = [];
    for (const key of keys) {
      const id = this.#string(key);
      ids.push(id);
      let next = node.next.get(id);
      if (next === undefined) {
        next = new ShapeNode();
        node.next.set(id, next);
      }
      node = next;
    }
    if (node.id < 0) {
      if (this.#shapeKeys.length >= MAX_SHAPES) return -1;
      node.id = this.#shapeKeys.push(ids) - 1;
    }
    return node.id;
  }

  #string(text: string): number {
    let id = this.#strings.get(text);
    if (id === undefined) {
      id = this.#strings.size;
      this.#strings.set(text, id);
    }
    return id;
  }

  #writeStrings(): number {
    const table = this.#reserve(this.#strings.size);
    let i = 0;
    for (const text of this.#strings.keys()) {
      const wide = WIDE.test(text);
      const at = this.#reserve(Math.ceil((text.length * (wide ? 2 : 1)) / 8));
      this.#bytes.write(text, at * 8, wide ? 'utf16le' : 'latin1');
      this.#pair(table + i++, at * 2 + (wide ? 1 : 0), text.length);
    }
    return table;
  }

  #writeShapes(): number {
    const table = this.#reserve(this.#shapeKeys.length);
    this.#shapeKeys.forEach((ids, i) => {
      const at = this.#reserve(Math.ceil(ids.length / 2));
      ids.forEach((id, k) => {
        this.#words[at * 2 + k] = id;
      });
      this.#pair(table + i, at, ids.length);
    });
    return table;
  }

  #tag(cell: number, tag: Tag, payload: number): void {
    this.#words[cell * 2 + HIGH] = TAGGED | tag;
    this.#words[cell * 2 + LOW] = payload;
  }

  #pair(cell: number, first: number, second: number): void {
    this.#words[cell * 2 + LOW] = first;
    this.#words[cell * 2 + HIGH] = second;
  }

  #reserve(cells: number): number {
    const at = this.#end;
    this.#end += cells;
    if (this.#end > this.#cells) this.#grow();
    return at;
  }

  #grow(): void {
    if (this.#end > MAX_CELLS) throw tooLarge();
    const cells = Math.min(MAX_CELLS, Math.max(this.#end, this.#cells * 2));
    try {
      const numbers = new Float64Array(cells);
      // As words: what is written in a NaN would be free to change as a number.
      new Uint32Array(numbers.buffer).set(this.#words);
      this.#numbers = numbers;
    } catch {
      throw tooLarge();
    }
    this.#cells = cells;
    this.#words = new Uint32Array(this.#numbers.buffer);
    this.#bytes = Buffer.from(this.#numbers.buffer);
  }
}

function tooLarge(): SkynetError {
  return new SkynetError<ShareDataErrorCode>('ERR_SHAREDATA_SIZE', 'shared data are above 4 GiB');
}

/** Whether the object has keys alone; also one that was made in a sandbox, which has an Object of its own. */
function isPlain(value: object): value is Record<string, unknown> {
  const proto: object | null = Object.getPrototypeOf(value);
  return proto === null || (Object.getPrototypeOf(proto) === null && Object.hasOwn(proto, 'isPrototypeOf'));
}
