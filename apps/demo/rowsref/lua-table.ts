import { bytesOf, type Typed, typedBytes } from './typed.ts';

// Tables of the original as shared data: an array where all keys are 1, 2, 3 …, an object where all are text, a Map where they
// are mixed. Bytes are text, one character each.

type Table = Extract<Typed, { t: unknown }>;

/** The value of a typed one. */
export function fromTyped(value: Typed): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if ('i' in value) return Number(value.i);
  if ('d' in value) return Buffer.from(value.d, 'hex').readDoubleBE(0);
  if ('s' in value) return bytesOf(value.s).toString('latin1');
  return tableFrom(value);
}

function tableFrom({ t: { a, h } }: Table): unknown {
  if (h.length === 0 && a.length > 0) return a.map(fromTyped);
  const entries = [
    ...a.map((value, index) => [index + 1, fromTyped(value)] as const),
    ...h.map(([key, value]) => [fromTyped(key), fromTyped(value)] as const),
  ];
  if (entries.some(([key]) => typeof key !== 'string')) return new Map(entries);
  const table: Record<string, unknown> = {};
  for (const [key, value] of entries)
    Object.defineProperty(table, key as string, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return table;
}

/** A value as rows write it. */
export function toTyped(value: unknown): Typed {
  if (value === undefined || value === null) return null;
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      return numberToTyped(value);
    case 'bigint':
      return { i: String(value) };
    case 'string':
      return typedBytes(Buffer.from(value, 'latin1'));
    default:
      return tableToTyped(value);
  }
}

function numberToTyped(value: number): Typed {
  if (Number.isInteger(value) && !Object.is(value, -0)) return { i: String(value) };
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { d: bytes.toString('hex'), v: String(value) };
}

function tableToTyped(value: object): Typed {
  if (value instanceof Uint8Array) return typedBytes(Buffer.from(value));
  if (Array.isArray(value)) return { t: { a: value.map(toTyped), h: [] } };
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return { t: { a: [], h: entries.map(([key, item]) => [toTyped(key), toTyped(item)] as const) } };
}

/** What stands under a key of the original: lists begin at 1. */
export function field(table: unknown, key: unknown): unknown {
  if (typeof table !== 'object' || table === null) {
    // As the original refuses to look into a number.
    throw new TypeError(
      `attempt to index a ${table === undefined || table === null ? 'nil' : typeof table} value`,
    );
  }
  if (table instanceof Map) return table.get(key);
  if (Array.isArray(table)) return typeof key === 'number' ? table[key - 1] : undefined;
  return typeof key === 'string' && Object.hasOwn(table, key)
    ? (table as Record<string, unknown>)[key]
    : undefined;
}

/** The list in a table: what stands under 1, 2, 3 … */
export function listIn(table: unknown): unknown[] {
  const list: unknown[] = [];
  for (let key = 1; ; key++) {
    const item = field(table, key);
    if (item === undefined || item === null) return list;
    list.push(item);
  }
}

/** Sets what stands under a key. */
export function setField(table: unknown, key: unknown, value: unknown): void {
  if (table instanceof Map) table.set(key, value);
  else
    Reflect.set(
      table as object,
      typeof key === 'number' && Array.isArray(table) ? key - 1 : (key as string),
      value,
    );
}
