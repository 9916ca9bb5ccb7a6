import { createHash } from 'node:crypto';
import { LuaFloat } from '@skynet/core';

/** Bytes of a string, which may come as text or as bytes. */
export function bytesOf(value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === 'string') return Buffer.from(value);
  throw new Error('a string is expected');
}

export function digest(value: unknown): string {
  return createHash('sha1').update(bytesOf(value)).digest('hex');
}

function describeFloat(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return `d${bytes.toString('hex')}`;
}

function describeTable(pairs: Iterable<readonly [unknown, unknown]>): string {
  const described = [...pairs]
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${describe(key)}=${describe(value)}`);
  return `{${described.sort().join(',')}}`;
}

/** A value in one line, the same in every implementation. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `i${value}`;
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? `i${value}` : describeFloat(value);
  if (value instanceof LuaFloat) return describeFloat(value.value);
  if (typeof value === 'string' || value instanceof Uint8Array)
    return `s${bytesOf(value).length}:${digest(value)}`;
  if (Array.isArray(value)) return describeTable(value.map((part, i): [number, unknown] => [i + 1, part]));
  return describeTable(value instanceof Map ? value : Object.entries(value as object));
}

/** The sum of numbers: an integer of 64 bits if all are, else a float. */
export function sum(values: readonly unknown[]): bigint | LuaFloat {
  let whole = 0n;
  let real = 0;
  let isReal = false;
  for (const value of values) {
    const isFloat =
      value instanceof LuaFloat ||
      (typeof value === 'number' && (!Number.isSafeInteger(value) || Object.is(value, -0)));
    if (isFloat) {
      isReal = true;
      real += value instanceof LuaFloat ? value.value : value;
    } else if (typeof value === 'number' || typeof value === 'bigint') {
      whole += BigInt(value);
      real += Number(value);
    } else throw new Error(`no number: ${describe(value)}`);
  }
  return isReal ? new LuaFloat(real) : BigInt.asIntN(64, whole);
}

/** Bytes made of a number, the same in every implementation. */
export function pattern(seed: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = ((seed + i * 31) & 255) ^ ((i >> 8) & 255);
  return bytes;
}

/** A string with its ASCII letters in upper case. */
export function upper(value: unknown): Buffer {
  return Buffer.from(bytesOf(value).map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte)));
}
