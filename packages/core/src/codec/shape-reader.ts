import { compile, objectSource } from './compile.ts';
import { setProtoKey } from './value.ts';

/** Where the values of an object come from, in the order of its keys. */
export interface ValueSource {
  value(): unknown;
}

type Reader = (source: ValueSource) => Record<string, unknown>;

/** Objects that make a shape worth a function of its own: until that is optimized, it costs as much as thousands of them. */
const OFTEN = 1000;
/** Functions of one table; each takes a few kilobytes. */
const MAX_READERS = 512;

/** One shape at the receiving end. */
export class Shape {
  readonly #table: ShapeTable;
  readonly #keys: readonly string[];
  /** Has a key that cannot be assigned. */
  readonly #hasProto: boolean;
  #uses = 0;
  #reader: Reader | undefined = undefined;

  constructor(table: ShapeTable, keys: readonly string[]) {
    this.#table = table;
    this.#keys = keys;
    this.#hasProto = keys.includes('__proto__');
  }

  /** Makes an object of values that come in the order of the keys. */
  read(source: ValueSource): Record<string, unknown> {
    if (this.#reader !== undefined) return this.#reader(source);
    if (++this.#uses === OFTEN) this.#reader = this.#table.readerFor(this.#keys);
    const keys = this.#keys;
    const result: Record<string, unknown> = {};
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const value = source.value();
      if (this.#hasProto && key === '__proto__') setProtoKey(result, value);
      else result[key] = value;
    }
    return result;
  }
}

/** The shapes of one link at the receiving end, by number. */
export class ShapeTable {
  readonly #shapes: Shape[] = [];
  #readers = 0;

  get size(): number {
    return this.#shapes.length;
  }

  at(number: number): Shape | undefined {
    return this.#shapes[number];
  }

  /** The shape with the next number. */
  add(keys: readonly string[]): Shape {
    const shape = new Shape(this, keys);
    this.#shapes.push(shape);
    return shape;
  }

  /** A function for one that comes often; undefined if there are enough of them. */
  readerFor(keys: readonly string[]): Reader | undefined {
    if (this.#readers === MAX_READERS) return undefined;
    this.#readers++;
    const values = keys.map((_, i) => `const v${i} = s.value();`);
    return compile<Reader>({}, `return (s) => { ${values.join(' ')} return ${objectSource(keys)}; };`);
  }
}
