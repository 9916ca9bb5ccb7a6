import { inspect } from 'node:util';
import type { Container } from './container.ts';

/** The view of an array. */
export function arrayView(place: Container): object {
  // Its target is an array, for `Array.isArray`; who prints the Proxy finds what to print there.
  const target = Object.defineProperty([], inspect.custom, { value: () => place.copy(), configurable: true });
  return new Proxy(target, new ArrayHandler(place));
}

type Visit = (value: unknown, index: number, array: object) => unknown;

function* elements(place: Container): Generator<unknown> {
  for (let i = 0; i < place.size; i++) yield place.element(i);
}

/** Methods of arrays that only read, for a view. */
const READERS: ReadonlyMap<string | symbol, (place: Container) => unknown> = new Map<
  string | symbol,
  (place: Container) => unknown
>([
  [Symbol.iterator, (place) => () => elements(place)],
  ['values', (place) => () => elements(place)],
  [
    'at',
    (place) => (index: number) => {
      const whole = Math.trunc(index) || 0;
      const from = whole < 0 ? whole + place.size : whole;
      return from < 0 ? undefined : place.element(from);
    },
  ],
  [
    'forEach',
    (place) => (visit: Visit, self?: unknown) => {
      const { size } = place;
      for (let i = 0; i < size; i++) visit.call(self, place.element(i), i, place.view);
    },
  ],
  [
    'map',
    (place) => (visit: Visit, self?: unknown) =>
      Array.from({ length: place.size }, (_, i) => visit.call(self, place.element(i), i, place.view)),
  ],
  [
    'filter',
    (place) => (visit: Visit, self?: unknown) => {
      const found: unknown[] = [];
      const { size } = place;
      for (let i = 0; i < size; i++) {
        const value = place.element(i);
        if (visit.call(self, value, i, place.view)) found.push(value);
      }
      return found;
    },
  ],
  ['find', (place) => (visit: Visit, self?: unknown) => place.element(indexWhere(place, visit, self) >>> 0)],
  ['findIndex', (place) => (visit: Visit, self?: unknown) => indexWhere(place, visit, self)],
  ['some', (place) => (visit: Visit, self?: unknown) => indexWhere(place, visit, self) >= 0],
  [
    'every',
    (place) => (visit: Visit, self?: unknown) =>
      indexWhere(place, (...args) => !visit.apply(self, args), undefined) < 0,
  ],
]);

/** The first index that a function says yes to, -1 without. */
function indexWhere(place: Container, visit: Visit, self: unknown): number {
  const { size } = place;
  for (let i = 0; i < size; i++) if (visit.call(self, place.element(i), i, place.view)) return i;
  return -1;
}

/** Everything that is asked of an array, or done to it. */
class ArrayHandler implements ProxyHandler<object> {
  readonly place: Container;
  #methods: Map<string | symbol, unknown> | undefined = undefined;

  constructor(place: Container) {
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
    if (typeof key === 'string') {
      const index = indexOf(key);
      if (index >= 0) return this.place.element(index);
      if (key === 'length') return this.place.size;
    }
    return this.#method(key) ?? Reflect.get(target, key);
  }

  /** What goes through the elements without asking for each by its name, which is slow. */
  #method(key: string | symbol): unknown {
    const known = this.#methods?.get(key);
    if (known !== undefined) return known;
    const method = READERS.get(key)?.(this.place);
    if (method === undefined) return undefined;
    this.#methods ??= new Map();
    this.#methods.set(key, method);
    return method;
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
