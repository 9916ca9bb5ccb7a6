import { bytesOf, type Typed, typedBytes } from './typed.ts';

/** A table: an array part, and keys that stand beside it. */
export class Table {
  readonly list: readonly unknown[];
  readonly fields: readonly (readonly [unknown, unknown])[];

  constructor(list: readonly unknown[], fields: readonly (readonly [unknown, unknown])[]) {
    this.list = list;
    this.fields = fields;
  }
}

/** A value as rows write it: text and bytes as bytes, NULL and undefined left out of tables. */
export function typed(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'bigint':
      // Integers of rows have 64 bits and a sign; beyond there are floats.
      return BigInt.asIntN(64, value) === value ? { i: String(value) } : double(Number(value));
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? { i: String(value) } : double(value);
    case 'string':
      return typedBytes(Buffer.from(value));
  }
  if (value instanceof Uint8Array) return typedBytes(Buffer.from(value));
  if (value instanceof Table) return table(value.list, value.fields);
  if (Array.isArray(value)) return table(value, []);
  return table([], Object.entries(value as object));
}

function table(list: readonly unknown[], fields: readonly (readonly [unknown, unknown])[]): unknown {
  // Behind a gap there is no array part any more.
  const end = list.findIndex((value) => value === null || value === undefined);
  const dense = end === -1 ? list : list.slice(0, end);
  const rest = end === -1 ? [] : list.slice(end).map((value, index) => [end + index + 1, value] as const);
  return {
    t: {
      a: dense.map(typed),
      h: [...rest, ...fields]
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([key, value]) => [typed(key), typed(value)]),
    },
  };
}

function double(value: number): unknown {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return { d: buffer.toString('hex'), v: String(value) };
}

/** A value that a row gives: integers as numbers, or bigints where those are not exact, all text as bytes. */
export function untyped(value: Typed): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if ('i' in value) {
    const number = Number(value.i);
    return Number.isSafeInteger(number) ? number : BigInt(value.i);
  }
  if ('d' in value) return Buffer.from(value.d, 'hex').readDoubleBE();
  if ('s' in value) return bytesOf(value.s);
  return new Table(
    value.t.a.map(untyped),
    value.t.h.map(([key, inner]) => [untyped(key), untyped(inner)] as const),
  );
}

/** Bytes as text where they are text. */
export function textOrBytes(value: unknown): unknown {
  if (!Buffer.isBuffer(value)) return value;
  const text = value.toString();
  return Buffer.from(text).equals(value) ? text : value;
}
