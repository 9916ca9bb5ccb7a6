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

/**
 * A point in a tree of keys as they stand in packed tables: the way to it is the list of keys of a table so far. The key that
 * came here last is expected again, and then it is compared, not read.
 */
export class SeriShape {
  readonly keys: readonly string[];
  /** The bytes of the key that came here last, type and length in front, and where it leads. */
  expected: Uint8Array | undefined = undefined;
  next: SeriShape | undefined = undefined;
  #others: Map<string, SeriShape> | undefined = undefined;
  #uses = 0;
  #make: Make | undefined = undefined;

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  /** The way on by a key, whose bytes these are; undefined if the table is a dictionary. */
  by(key: string, bytes: Uint8Array): SeriShape | undefined {
    let next = this.#others?.get(key);
    if (next === undefined) {
      if (this.keys.length === MAX_KEYS || nodes >= MAX_NODES) return undefined;
      nodes++;
      next = new SeriShape([...this.keys, key]);
      this.#others ??= new Map();
      this.#others.set(key, next);
    }
    this.expected = bytes;
    this.next = next;
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

let root = new SeriShape([]);

/** Where every table begins. */
export function seriShapes(): SeriShape {
  // What filled it may never come again.
  if (nodes >= MAX_NODES) {
    root = new SeriShape([]);
    nodes = 0;
  }
  return root;
}
