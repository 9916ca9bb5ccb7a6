import { LuaFloat } from '@skynet/core';
import { bytesOf, type Typed, typedBytes } from './typed.ts';

/** A value of Lua's as it is written in rows, as one of ours. Floats stay floats, strings are bytes unless they are keys. */
export function fromTyped(typed: Typed): unknown {
  if (typed === null) return undefined;
  if (typeof typed === 'boolean') return typed;
  if ('i' in typed) {
    const value = BigInt(typed.i);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  if ('d' in typed) return new LuaFloat(Buffer.from(typed.d, 'hex').readDoubleBE());
  if ('s' in typed) return bytesOf(typed.s);
  const { a, h } = typed.t;
  if (h.length === 0) return a.map(fromTyped);
  const map = new Map<unknown, unknown>(a.map((part, i) => [i + 1, fromTyped(part)]));
  for (const [key, part] of h) map.set(fromTyped(key), fromTyped(part));
  return map;
}

/** One of our values as rows write it. */
export function toTyped(value: unknown): Typed {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return { i: String(value) };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? { i: String(value) } : float(value);
  if (value instanceof LuaFloat) return float(value.value);
  if (typeof value === 'string') return typedBytes(Buffer.from(value));
  if (value instanceof Uint8Array) return typedBytes(Buffer.from(value));
  if (Array.isArray(value)) return typedTable(value.map((part, i): [unknown, unknown] => [i + 1, part]));
  return typedTable(value instanceof Map ? value : Object.entries(value as object));
}

function float(value: number): Typed {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { d: bytes.toString('hex'), v: String(value) };
}

/** A table: its array part as far as it has no gap, then the other pairs. */
function typedTable(pairs: Iterable<readonly [unknown, unknown]>): Typed {
  const present = [...pairs].filter(([, value]) => value !== undefined && value !== null);
  const byKey = new Map(present);
  const a: Typed[] = [];
  for (let i = 1; byKey.has(i); i++) a.push(toTyped(byKey.get(i)));
  const isInArray = (key: unknown): boolean => typeof key === 'number' && key >= 1 && key <= a.length;
  const h = present
    .filter(([key]) => !isInArray(key))
    .map(([key, value]): [Typed, Typed] => [toTyped(key), toTyped(value)]);
  return { t: { a, h } };
}
