import { inspect } from 'node:util';
import { SkynetError } from '../errors.ts';
import type { ShareDataErrorCode } from './errors.ts';
import type { Sheet } from './sheet.ts';
import { ROOT, TAG, type Tag } from './slot.ts';

// Views are what services read shared data through. An object or array is a Proxy, a map a Map of its own kind; each
// reads its part out of shared memory when it is asked, and makes views of the containers in it on first use. A view
// stands for a path: when its source moves to another sheet, it looks for its part there by the path.

/** Containers whose views are kept by the view around them; views in larger ones are kept while somebody else does. */
const MAX_KEPT = 64;

/** What a view shows: one sheet for ever, or always the newest. */
export interface Source {
  readonly sheet: Sheet;
}

/** Shared data as they are read: nothing in them can be changed. */
export type Shared<Value> = Value extends null | undefined | boolean | number | bigint | string | Uint8Array
  ? Value
  : Value extends ReadonlyMap<infer Key, infer Item>
    ? ReadonlyMap<Key, Shared<Item>>
    : Value extends readonly (infer Item)[]
      ? readonly Shared<Item>[]
      : { readonly [Key in keyof Value]: Shared<Value[Key]> };

/** A view of the whole. */
export function viewOf(source: Source): object {
  return new Place(source, undefined, '').view as object;
}

/** Where a view stands in the data, and what is there. */
class Place {
  readonly #source: Source;
  readonly #parent: Place | undefined;
  readonly #key: unknown;
  readonly #kind: 'array' | 'object' | 'map';
  readonly view: object;
  #sheet: Sheet;
  #tag: Tag | -1 = -1;
  /** Its container; -1 when it is not there any more. */
  #node = -1;
  #kept: Map<unknown, Place> | undefined;
  #seen: Map<unknown, WeakRef<Place>> | undefined;
  #sweepAt = MAX_KEPT * 4;

  constructor(source: Source, parent: Place | undefined, key: unknown) {
    this.#source = source;
    this.#parent = parent;
    this.#key = key;
    this.#sheet = source.sheet;
    this.#stand(this.#parent === undefined ? ROOT : this.#parent.cellOf(key));
    this.#kind = kindOf(this.#tag) ?? 'object';
    this.view =
      this.#kind === 'map'
        ? new MapView(this)
        : new Proxy(
            printedAs(this, this.#kind === 'array' ? [] : {}),
            this.#kind === 'array' ? new ArrayHandler(this) : new ObjectHandler(this),
          );
  }

  /** What it shows now, as ordinary values. */
  copy(): unknown {
    this.settle();
    return this.#sheet.copy(this.#parent === undefined ? ROOT : this.#parent.cellOf(this.#key));
  }

  get sheet(): Sheet {
    return this.#sheet;
  }

  /** Its container in the sheet of now. @throws ERR_SHAREDATA_GONE. */
  settle(): number {
    if (this.#sheet !== this.#source.sheet) this.#move();
    if (this.#node < 0) {
      throw new SkynetError<ShareDataErrorCode>(
        'ERR_SHAREDATA_GONE',
        `The key [${this.path}] doesn't exist after update`,
      );
    }
    return this.#node;
  }

  get size(): number {
    const node = this.settle();
    return this.#tag === TAG.OBJECT ? this.#sheet.high(node) : this.#sheet.low(node);
  }

  /** Cell of the value of a key, -1 if there is none. */
  cellOf(key: unknown): number {
    const node = this.settle();
    return this.#sheet.cellIn(this.#tag, node, key);
  }

  /** What stands in a cell that is the value of this key. */
  read(cell: number, key: unknown): unknown {
    const tag = this.#sheet.tag(cell);
    return tag < TAG.ARRAY ? this.#sheet.scalar(cell, tag) : this.#child(key, kindOf(tag)).view;
  }

  get keys(): readonly unknown[] {
    const node = this.settle();
    if (this.#tag === TAG.OBJECT) return this.#sheet.shape(this.#sheet.low(node)).keys;
    if (this.#tag === TAG.ARRAY) return Array.from({ length: this.#sheet.low(node) }, (_, i) => i);
    return Array.from(this.#sheet.entries(node), ([key]) => key);
  }

  get path(): string {
    if (this.#parent === undefined) return '';
    const key = typeof this.#key === 'string' ? `.${this.#key}` : `[${String(this.#key)}]`;
    return this.#parent.path + key;
  }

  readonly(): never {
    throw new SkynetError<ShareDataErrorCode>(
      'ERR_SHAREDATA_READONLY',
      `Error newindex, the key [${this.path}]`,
    );
  }

  #move(): void {
    const cell = this.#parent === undefined ? ROOT : this.#cellInParent();
    this.#sheet = this.#source.sheet;
    this.#stand(cell);
    if (kindOf(this.#tag) !== this.#kind) this.#node = -1;
  }

  #cellInParent(): number {
    try {
      return (this.#parent as Place).cellOf(this.#key);
    } catch {
      // What is around it is gone, and so is this.
      return -1;
    }
  }

  #stand(cell: number): void {
    this.#tag = cell < 0 ? -1 : this.#sheet.tag(cell);
    this.#node = this.#tag < TAG.ARRAY ? -1 : this.#sheet.low(cell);
  }

  #child(key: unknown, kind: string | undefined): Place {
    const known = this.#kept?.get(key) ?? this.#seen?.get(key)?.deref();
    if (known !== undefined && known.#kind === kind) return known;
    const child = new Place(this.#source, this, key);
    if (this.size <= MAX_KEPT) {
      this.#kept ??= new Map();
      this.#kept.set(key, child);
    } else {
      this.#seen ??= new Map();
      if (this.#seen.size >= this.#sweepAt) this.#sweep(this.#seen);
      this.#seen.set(key, new WeakRef(child));
    }
    return child;
  }

  #sweep(seen: Map<unknown, WeakRef<Place>>): void {
    for (const [key, ref] of seen) if (ref.deref() === undefined) seen.delete(key);
    this.#sweepAt = Math.max(MAX_KEPT * 4, seen.size * 2);
  }
}

/** Has who prints a Proxy, and so gets at its target, see what the view shows. */
function printedAs(place: Place, target: object): object {
  return Object.defineProperty(target, inspect.custom, { value: () => place.copy(), configurable: true });
}

/** What a view of such a container is. */
export function kindOf(tag: Tag | -1): 'array' | 'object' | 'map' | undefined {
  switch (tag) {
    case TAG.ARRAY:
      return 'array';
    case TAG.OBJECT:
    case TAG.DICT:
      return 'object';
    case TAG.MAP:
      return 'map';
    default:
      return undefined;
  }
}

/** Refuses everything that changes. */
abstract class ReadonlyHandler implements ProxyHandler<object> {
  protected readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  set(): never {
    return this.place.readonly();
  }

  defineProperty(): never {
    return this.place.readonly();
  }

  deleteProperty(): never {
    return this.place.readonly();
  }

  setPrototypeOf(): never {
    return this.place.readonly();
  }

  preventExtensions(): never {
    return this.place.readonly();
  }
}

class ObjectHandler extends ReadonlyHandler {
  get(target: object, key: string | symbol): unknown {
    if (typeof key === 'string') {
      const cell = this.place.cellOf(key);
      if (cell >= 0) return this.place.read(cell, key);
    }
    return Reflect.get(target, key);
  }

  has(target: object, key: string | symbol): boolean {
    return (typeof key === 'string' && this.place.cellOf(key) >= 0) || Reflect.has(target, key);
  }

  ownKeys(): string[] {
    return [...(this.place.keys as readonly string[])];
  }

  getOwnPropertyDescriptor(_target: object, key: string | symbol): PropertyDescriptor | undefined {
    if (typeof key === 'symbol') return undefined;
    const cell = this.place.cellOf(key);
    if (cell < 0) return undefined;
    return { value: this.place.read(cell, key), enumerable: true, configurable: true, writable: false };
  }
}

class ArrayHandler extends ReadonlyHandler {
  get(target: object, key: string | symbol): unknown {
    if (typeof key === 'symbol') return Reflect.get(target, key);
    if (key === 'length') return this.place.size;
    const index = indexOf(key);
    if (index < 0) return Reflect.get(target, key);
    const cell = this.place.cellOf(index);
    return cell < 0 ? undefined : this.place.read(cell, index);
  }

  has(target: object, key: string | symbol): boolean {
    const index = typeof key === 'string' ? indexOf(key) : -1;
    return index < 0 ? Reflect.has(target, key) : this.place.cellOf(index) >= 0;
  }

  ownKeys(): string[] {
    return [...this.place.keys.map(String), 'length'];
  }

  getOwnPropertyDescriptor(target: object, key: string | symbol): PropertyDescriptor | undefined {
    if (key === 'length')
      return { value: this.place.size, enumerable: false, configurable: false, writable: true };
    const index = typeof key === 'string' ? indexOf(key) : -1;
    const cell = index < 0 ? -1 : this.place.cellOf(index);
    if (cell < 0) return Reflect.getOwnPropertyDescriptor(target, key);
    return { value: this.place.read(cell, index), enumerable: true, configurable: true, writable: false };
  }
}

/** The index that a key of an array is, -1 if it is none. */
function indexOf(key: string): number {
  const first = key.charCodeAt(0);
  if (first < 48 || first > 57) return -1;
  const index = Number(key);
  return Number.isInteger(index) && String(index) === key ? index : -1;
}

class MapView extends Map<unknown, unknown> {
  readonly #place: Place;

  constructor(place: Place) {
    super();
    this.#place = place;
  }

  override get size(): number {
    return this.#place.size;
  }

  override get(key: unknown): unknown {
    const cell = this.#place.cellOf(key);
    return cell < 0 ? undefined : this.#place.read(cell, key);
  }

  override has(key: unknown): boolean {
    return this.#place.cellOf(key) >= 0;
  }

  override *entries(): MapIterator<[unknown, unknown]> {
    for (const key of this.#place.keys) yield [key, this.get(key)];
  }

  override *keys(): MapIterator<unknown> {
    yield* this.#place.keys;
  }

  override *values(): MapIterator<unknown> {
    for (const key of this.#place.keys) yield this.get(key);
  }

  override [Symbol.iterator](): MapIterator<[unknown, unknown]> {
    return this.entries();
  }

  override forEach(
    visit: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void,
    self?: unknown,
  ): void {
    for (const [key, value] of this.entries()) visit.call(self, value, key, this);
  }

  override set(): never {
    return this.#place.readonly();
  }

  override delete(): never {
    return this.#place.readonly();
  }

  override clear(): never {
    return this.#place.readonly();
  }

  [inspect.custom](): unknown {
    return this.#place.copy();
  }
}
// It is a Map for who compares it with one.
Object.defineProperty(MapView.prototype, 'constructor', { value: Map });
