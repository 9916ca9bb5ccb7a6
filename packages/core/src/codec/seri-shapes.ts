import { compile, objectSource } from './compile.ts';
import { setProtoKey } from './value.ts';

type Make = (values: readonly unknown[], from: number) => Record<string, unknown>;

/** Objects that make a shape worth a function of its own. */
const OFTEN = 1000;
/** Functions at most; each takes a few kilobytes. */
const MAX_FUNCTIONS = 512;
/** Points after which the tree is grown anew. */
const MAX_NODES = 8192;
/** Objects with more keys are dictionaries. */
const MAX_KEYS = 64;

let functions = 0;
let nodes = 0;

/** Keys that tables begin with and that are expected; a power of two. */
const FIRST_KEYS = 64;

/**
 * A point in a tree of keys as they stand in packed tables: the way to it is the list of keys of a table so far. The key that
 * came here last is expected again, and then it is compared, not read.
 */
export class SeriShape {
  readonly keys: readonly string[];
  /** The bytes of the key that leads here, type and length in front. */
  readonly bytes: Uint8Array;
  /** Where the key leads that came here last. */
  next: SeriShape | undefined = undefined;
  #others: Map<string, SeriShape> | undefined = undefined;
  #uses = 0;
  #make: Make | undefined = undefined;

  constructor(keys: readonly string[], bytes: Uint8Array) {
    this.keys = keys;
    this.bytes = bytes;
  }

  /** The way on by a key, which stands from `start` to `end`; undefined if the table is a dictionary. */
  by(key: string, bytes: Uint8Array, start: number, end: number): SeriShape | undefined {
    let next = this.#others?.get(key);
    if (next === undefined) {
      if (this.keys.length === MAX_KEYS || nodes >= MAX_NODES) return undefined;
      nodes++;
      next = new SeriShape([...this.keys, key], bytes.slice(start, end));
      this.#others ??= new Map();
      this.#others.set(key, next);
    }
    this.next = next;
    if (this === root) firsts[firstOf(bytes, start)] = next;
    return next;
  }

  /** An object with these keys and the values from `from` on. */
  object(values: readonly unknown[], from: number): Record<string, unknown> {
    if (this.#make !== undefined) return this.#make(values, from);
    if (++this.#uses === OFTEN && functions < MAX_FUNCTIONS) {
      functions++;
      this.#make = makerOf(this.keys);
    }
    const { keys } = this;
    const object: Record<string, unknown> = {};
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      if (key === '__proto__') setProtoKey(object, values[from + i]);
      else object[key] = values[from + i];
    }
    return object;
  }
}

function makerOf(keys: readonly string[]): Make | undefined {
  const values = keys.map((_, i) => `const v${i} = values[from + ${i}];`);
  return compile<Make>({}, `return (values, from) => { ${values.join(' ')} return ${objectSource(keys)}; };`);
}

const NO_BYTES = new Uint8Array(0);
let root = new SeriShape([], NO_BYTES);
/** Where the first key of a table leads: tables of many kinds begin at the root, one in another. */
const firsts = new Array<SeriShape | undefined>(FIRST_KEYS).fill(undefined);

/** Place of a key among the first ones: by its length and its first letter. */
function firstOf(bytes: Uint8Array, start: number): number {
  return ((bytes[start] as number) * 5 + (bytes[start + 1] as number)) & (FIRST_KEYS - 1);
}

/** Where every table begins. */
export function seriShapes(): SeriShape {
  // What filled it may never come again.
  if (nodes >= MAX_NODES) {
    root = new SeriShape([], NO_BYTES);
    firsts.fill(undefined);
    nodes = 0;
  }
  return root;
}

/** Where a table probably goes on whose first key stands at `start`, if its bytes are those of {@link SeriShape.bytes}. */
export function firstShape(bytes: Uint8Array, start: number): SeriShape | undefined {
  return firsts[firstOf(bytes, start)];
}
