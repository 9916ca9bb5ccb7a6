import { inspect } from 'node:util';
import { SkynetError } from '../errors.ts';
import type { ShareDataErrorCode } from './errors.ts';
import type { Sheet } from './sheet.ts';
import { ROOT, TAG, type Tag } from './slot.ts';

// Views are what services read shared data through. An object or array is a Proxy, a map a Map of its own kind; each
// reads its part out of shared memory when it is asked, and makes views of the containers in it on first use. A view
// stands for a path: when its source moves to another sheet, it looks for its part there by the path.

/** Values of a container up to which it keeps the views of those in it. */
const MAX_KEPT = 64;
/**
 * Views in larger containers that are kept, for each view of a whole: those made last. (Keeping all for as long as somebody
 * has them would take a WeakRef for each, and one loop over a large table would hold all of them at once.)
 */
const MAX_KEPT_IN_LARGE = 8192;

/** By this a view gives its place. */
const PLACE = Symbol('place');

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
  return new Place(source, undefined, '', ROOT).view;
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
  /** Of a large container: keys of the views that are kept, a ring, and where the oldest stands. */
  #order: unknown[] | undefined;
  #oldest = 0;
  #forgetAt = MAX_KEPT * 4;
  /** Of the whole: how many more views in large containers may be kept. */
  #room = MAX_KEPT_IN_LARGE;
  readonly #whole: Place;

  /** @param cell where it stands in the sheet of now. */
  constructor(source: Source, parent: Place | undefined, key: unknown, cell: number) {
    this.#source = source;
    this.#parent = parent;
    this.#key = key;
    this.#whole = parent === undefined ? this : parent.#whole;
    this.#sheet = source.sheet;
    this.#stand(cell);
    this.#kind = kindOf(this.#tag) ?? 'object';
    this.view = this.#show();
  }

  #show(): object {
    switch (this.#kind) {
      case 'map':
        return new MapView(this);
      case 'array':
        // Its target is an array, for `Array.isArray`.
        return new Proxy(printedAs(this, []), new ArrayHandler(this));
      default:
        // The place itself is the target, so that a view costs no more than it must.
        return new Proxy<object>(this, OBJECT);
    }
  }

  /** For who prints a view: that finds this in the target, and calls it for the Proxy. */
  [inspect.custom](this: { readonly [PLACE]: Place }): unknown {
    return this[PLACE].copy();
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
    return tag < TAG.ARRAY ? this.#sheet.scalar(cell, tag) : this.#child(key, cell, kindOf(tag)).view;
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

  #child(key: unknown, cell: number, kind: string | undefined): Place {
    const known = this.#kept?.get(key);
    if (known !== undefined && known.#kind === kind) return known;
    const child = new Place(this.#source, this, key, cell);
    this.#kept ??= new Map();
    if (this.size > MAX_KEPT) this.#makeRoom(this.#kept, key);
    this.#kept.set(key, child);
    // Updates may have brought ever other keys.
    if (this.#kept.size > Math.max(this.#forgetAt, 2 * this.size)) this.#forgetGone(this.#kept);
    return child;
  }

  /** For one more view in a large container: where there is no room, the one that was made first goes. */
  #makeRoom(kept: Map<unknown, Place>, key: unknown): void {
    this.#order ??= [];
    const order = this.#order;
    const whole = this.#whole;
    if (whole.#room > 0 || order.length < MAX_KEPT) {
      whole.#room--;
      order.push(key);
      return;
    }
    this.#oldest %= order.length;
    kept.delete(order[this.#oldest]);
    order[this.#oldest++] = key;
  }

  /** Forgets views of keys that are not there. */
  #forgetGone(kept: Map<unknown, Place>): void {
    const before = kept.size;
    for (const key of kept.keys()) if (this.cellOf(key) < 0) kept.delete(key);
    if (this.#order !== undefined) {
      this.#whole.#room += before - kept.size;
      this.#order = [...kept.keys()];
      this.#oldest = 0;
    }
    this.#forgetAt = Math.max(MAX_KEPT * 4, kept.size * 2);
  }
}

/** Has who prints the Proxy of a target see what the view shows. */
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

/** Objects: the target is the place. What every object has is found as in any other. */
const OBJECT: ProxyHandler<object> = {
  get(target, key) {
    const place = target as Place;
    if (typeof key === 'string') {
      const cell = place.cellOf(key);
      if (cell >= 0) return place.read(cell, key);
    }
    return key === PLACE ? place : Reflect.get(Object.prototype, key);
  },
  has(target, key) {
    return (
      (typeof key === 'string' && (target as Place).cellOf(key) >= 0) || Reflect.has(Object.prototype, key)
    );
  },
  ownKeys(target) {
    return [...((target as Place).keys as readonly string[])];
  },
  getOwnPropertyDescriptor(target, key) {
    if (typeof key === 'symbol') return undefined;
    const place = target as Place;
    const cell = place.cellOf(key);
    if (cell < 0) return undefined;
    return { value: place.read(cell, key), enumerable: true, configurable: true, writable: false };
  },
  getPrototypeOf: () => Object.prototype,
  set: refuse,
  defineProperty: refuse,
  deleteProperty: refuse,
  setPrototypeOf: refuse,
  preventExtensions: refuse,
};

function refuse(target: object): never {
  return (target as Place).readonly();
}

class ArrayHandler implements ProxyHandler<object> {
  readonly place: Place;

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
  const { length } = key;
  if (length > 10) return -1;
  let index = length === 0 ? -1 : 0;
  for (let i = 0; i < length; i++) {
    const digit = key.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9 || (digit === 0 && i === 0 && length > 1)) return -1;
    index = index * 10 + digit;
  }
  return index;
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
