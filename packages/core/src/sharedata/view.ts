import { inspect } from 'node:util';
import { SkynetError } from '../errors.ts';
import { arrayView } from './array-view.ts';
import type { Container } from './container.ts';
import type { ShareDataErrorCode } from './errors.ts';
import { LargeKept } from './large-kept.ts';
import { mapView } from './map-view.ts';
import type { Shape, Sheet } from './sheet.ts';
import { ROOT, TAG, type Tag } from './slot.ts';

// Views are what services read shared data through. An object or array is a Proxy, a map a Map of its own kind; each
// reads its part out of shared memory when it is asked, and makes views of the containers in it on first use. A view
// stands for a path: when its source moves to another sheet, it looks for its part there by the path.

/** Values of a container up to which it keeps the views of those in it. */
const MAX_KEPT = 64;
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
class Place implements Container {
  readonly #source: Source;
  readonly #parent: Place | undefined;
  readonly #key: unknown;
  readonly view: object;
  #sheet: Sheet;
  #tag: Tag | -1 = -1;
  readonly #kind: 'array' | 'object' | 'map';
  /** Its container; -1 when it is not there any more. */
  #node = -1;
  /** Of an object with few keys. */
  #shape: Shape | undefined = undefined;
  /** Views of what is in it, by index or place of the key: of a container with few values. */
  #children: (Place | undefined)[] | undefined = undefined;
  /** The same of one whose keys are found by hash, and of keys that are gone. */
  #byKey: Map<unknown, Place> | undefined = undefined;
  #forgetAt = MAX_KEPT * 4;
  /** Where its views begin in {@link LargeKept}. */
  #start = -1;
  #large: LargeKept<Place> | undefined;

  /** @param cell where it stands in the sheet of now. */
  constructor(source: Source, parent: Place | undefined, key: unknown, cell: number) {
    this.#source = source;
    this.#parent = parent;
    this.#key = key;
    this.#large = parent === undefined ? undefined : parent.#large;
    this.#sheet = source.sheet;
    this.#stand(cell);
    this.#kind = kindOf(this.#tag) ?? 'object';
    this.view = this.#show();
  }

  #show(): object {
    switch (this.#kind) {
      case 'map':
        return mapView(this);
      case 'array':
        return arrayView(this);
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
    return tag < TAG.ARRAY ? this.#sheet.scalar(cell, tag) : this.#child(key, cell, tag).view;
  }

  /** The value of a key of an object, {@link NONE} if there is no such key. The way that most reads take: it is short. */
  property(key: string): unknown {
    if (this.#sheet !== this.#source.sheet || this.#shape === undefined) {
      const cell = this.cellOf(key);
      return cell < 0 ? NONE : this.read(cell, key);
    }
    const place = this.#shape.places.get(key);
    if (place === undefined) return NONE;
    return this.#valueAt(this.#node + 1 + place, place, key);
  }

  /** The value at an index of an array, undefined if there is none. */
  element(index: number): unknown {
    const node = this.settle();
    return index < this.#sheet.low(node) ? this.#valueAt(node + 1 + index, index, index) : undefined;
  }

  #valueAt(cell: number, place: number, key: unknown): unknown {
    const sheet = this.#sheet;
    const number = sheet.numbers[cell] as number;
    if (!Number.isNaN(number)) return number;
    const tag = sheet.tag(cell);
    if (tag < TAG.ARRAY) return sheet.scalar(cell, tag);
    const child = this.#children?.[place];
    return child !== undefined && child.#kind === kindOf(tag) ? child.view : this.#child(key, cell, tag).view;
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
    const before = this.#children;
    this.#sheet = this.#source.sheet;
    this.#stand(cell);
    if (kindOf(this.#tag) !== this.#kind) this.#node = -1;
    this.#children = undefined;
    // Places of keys are others in another shape; what is gone may come back.
    for (const child of before ?? []) {
      if (child === undefined) continue;
      if (this.#node >= 0 && this.cellOf(child.#key) >= 0) this.#keep(child);
      else this.#keepByKey(child);
    }
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
    this.#shape = this.#tag === TAG.OBJECT ? this.#sheet.shape(this.#sheet.low(this.#node)) : undefined;
  }

  #child(key: unknown, cell: number, tag: Tag | -1): Place {
    const known = this.#kept(key);
    if (known !== undefined && known.#kind === kindOf(tag)) return known;
    const child = new Place(this.#source, this, key, cell);
    this.#keep(child);
    return child;
  }

  /** It may have been large or small before: all places are looked at. */
  #kept(key: unknown): Place | undefined {
    const large = this.#large;
    if (large !== undefined && this.#start >= 0) {
      const found = large.get(large.slot(this.#start, key));
      if (found !== undefined && found.#parent === this && found.#key === key) return found;
    }
    return this.#byKey?.get(key) ?? this.#children?.[this.#placeOf(key)];
  }

  #keep(child: Place): void {
    const key = child.#key;
    if (this.size > MAX_KEPT) {
      const large = this.#largeOfWhole();
      if (this.#start < 0) this.#start = large.join();
      large.set(large.slot(this.#start, key), child);
    } else if (this.#tag === TAG.OBJECT || this.#tag === TAG.ARRAY) {
      this.#children ??= [];
      this.#children[this.#placeOf(key)] = child;
    } else this.#keepByKey(child);
  }

  #keepByKey(child: Place): void {
    this.#byKey ??= new Map();
    this.#byKey.set(child.#key, child);
    if (this.#byKey.size <= this.#forgetAt) return;
    // Updates may have brought ever other keys.
    if (this.#node >= 0)
      for (const key of this.#byKey.keys()) if (this.cellOf(key) < 0) this.#byKey.delete(key);
    this.#forgetAt = Math.max(MAX_KEPT * 4, this.#byKey.size * 2);
  }

  #placeOf(key: unknown): number {
    return this.#shape === undefined ? (key as number) : (this.#shape.places.get(key as string) ?? -1);
  }

  #largeOfWhole(): LargeKept<Place> {
    this.#large ??= this.#parent === undefined ? new LargeKept() : this.#parent.#largeOfWhole();
    return this.#large;
  }
}

/** No such key. */
const NONE = Symbol('none');

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
    if (typeof key === 'string') {
      const value = (target as Place).property(key);
      if (value !== NONE) return value;
    }
    return key === PLACE ? target : Reflect.get(Object.prototype, key);
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
