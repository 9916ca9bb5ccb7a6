import { refusal } from '../codec/value.ts';

const TYPE = { NIL: 0, INTEGER: 1, FLOAT: 2, BOOLEAN: 3, TABLE: 4, STRING: 5 } as const;

/**
 * The original's form of a data sheet:
 *
 *      [u32 offset of the strings] [u32 tables] [u32 offset of each table behind this list …] tables strings
 *      a table: [u32 items] [u32 pairs] [a byte of type for each, padded to 4] items, then [u32 offset of the key] value
 *
 * Arrays are items, objects pairs; the keys 1 to n of a Map are items too. Booleans are big-endian, which is how the
 * original writes them.
 */
export function compileSheet(value: object): Buffer {
  return new SheetCompiler(value).bytes;
}

class SheetCompiler {
  readonly bytes: Buffer;
  readonly #root: unknown;
  readonly #tables: Buffer[] = [];
  readonly #strings = new Map<string, number>();
  readonly #texts: Buffer[] = [];
  #textSize = 0;

  constructor(value: object) {
    this.#root = value;
    if (!isTable(value)) throw refusal(value, { rule: () => 'not a table' });
    this.#table(value, 0);
    const head = Buffer.alloc(8 + 4 * this.#tables.length);
    let offset = 0;
    this.#tables.forEach((table, i) => {
      head.writeUInt32LE(offset, 8 + 4 * i);
      offset += table.length;
    });
    head.writeUInt32LE(head.length + offset, 0);
    head.writeUInt32LE(this.#tables.length, 4);
    this.bytes = Buffer.concat([head, ...this.#tables, ...this.#texts]);
  }

  #table(value: object, depth: number): number {
    if (depth > 512) throw refusal(this.#root);
    const index = this.#tables.length;
    this.#tables.push(Buffer.alloc(0));
    const { items, pairs } = partsOf(value, this.#root);
    const types = Buffer.alloc((items.length + pairs.length + 3) & ~3);
    const cells = Buffer.alloc(4 * items.length + 8 * pairs.length);
    items.forEach((item, i) => {
      types[i] = this.#cell(cells, 4 * i, item, depth);
    });
    pairs.forEach(([key, item], i) => {
      const at = 4 * items.length + 8 * i;
      cells.writeUInt32LE(this.#string(key), at);
      types[items.length + i] = this.#cell(cells, at + 4, item, depth);
    });
    const head = Buffer.alloc(8);
    head.writeUInt32LE(items.length, 0);
    head.writeUInt32LE(pairs.length, 4);
    this.#tables[index] = Buffer.concat([head, types, cells]);
    return index;
  }

  /** Writes a value of four bytes. Returns its type. */
  #cell(cells: Buffer, at: number, value: unknown, depth: number): number {
    switch (typeof value) {
      case 'undefined':
        return TYPE.NIL;
      case 'boolean':
        cells.writeUInt32BE(value ? 1 : 0, at);
        return TYPE.BOOLEAN;
      case 'number':
        if (Number.isInteger(value) && value === (value | 0)) {
          cells.writeInt32LE(value, at);
          return TYPE.INTEGER;
        }
        cells.writeFloatLE(value, at);
        return TYPE.FLOAT;
      case 'string':
        cells.writeUInt32LE(this.#string(value), at);
        return TYPE.STRING;
      default:
        if (value === null) return TYPE.NIL;
        if (!isTable(value)) throw refusal(this.#root, { rule: ruleOf });
        cells.writeUInt32LE(this.#table(value, depth + 1), at);
        return TYPE.TABLE;
    }
  }

  #string(text: string): number {
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    const offset = this.#textSize;
    const bytes = Buffer.from(`${text}\0`);
    this.#strings.set(text, offset);
    this.#texts.push(bytes);
    this.#textSize += bytes.length;
    return offset;
  }
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

function ruleOf(part: unknown): string | undefined {
  return typeof part === 'bigint' || part instanceof Uint8Array ? 'not a value of a data sheet' : undefined;
}

function partsOf(value: object, root: unknown): { items: readonly unknown[]; pairs: [string, unknown][] } {
  if (Array.isArray(value)) return { items: value, pairs: [] };
  if (!(value instanceof Map)) return { items: [], pairs: Object.entries(value) };
  const items: unknown[] = [];
  while (value.has(items.length + 1)) items.push(value.get(items.length + 1));
  const pairs: [string, unknown][] = [];
  for (const [key, item] of value) {
    if (typeof key === 'string') pairs.push([key, item]);
    else if (!(typeof key === 'number' && Number.isInteger(key) && key >= 1 && key <= items.length))
      throw refusal(root, {
        rule: (part, isKey) => (isKey && typeof part !== 'string' ? 'a key of a data sheet' : undefined),
      });
  }
  return { items, pairs };
}
