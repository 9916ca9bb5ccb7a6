import { printable } from '@skynet/core';
import protobuf from 'protobufjs';
import { pbcError } from './errors.ts';

// What a value becomes that is not of its field's own type, or why it is refused. The usual values never come here: the
// code that codec.ts makes has looked at them.

/** Whole numbers of 64 bits, with or without a sign: from the first on, below the second. */
export const MIN_64: bigint = -(2n ** 63n);
export const MAX_64: bigint = 2n ** 64n;
const INTEGER = /^[+-]?\d+$/;

/** Types of fields that hold 32 bits, and whether they have a sign. */
const SIGNED: Readonly<Record<string, boolean>> = {
  int32: true,
  sint32: true,
  sfixed32: true,
  uint32: false,
  fixed32: false,
};

/** One value of a field, of an element of a list, or of an entry of a map. @throws ERR_PBC_VALUE, ERR_PBC_ENUM. */
export function coerce(value: unknown, field: protobuf.Field): unknown {
  const { resolvedType, type } = field;
  if (resolvedType instanceof protobuf.Enum) return enumNumber(value, resolvedType, nameOf(field));
  if (resolvedType !== null) return message(value, field);
  if (Object.hasOwn(SIGNED, type))
    return SIGNED[type] ? number32(value, field) | 0 : number32(value, field) >>> 0;
  if (Object.hasOwn(protobuf.types.long, type)) return integer64(value, field);
  switch (type) {
    case 'bool':
      // As in Lua, where 0 is true.
      return value !== false;
    case 'string':
      return text(value, field);
    case 'bytes':
      return bytes(value, field);
    default:
      return real(value, field);
  }
}

/** `package.Message.field`, as errors name it. */
export function nameOf(field: protobuf.Field): string {
  return `${field.parent?.fullName.slice(1) ?? ''}.${field.name}`;
}

/** The error for a value that a field cannot hold. */
export function refuse(name: string, value: unknown, wanted: string): Error {
  // Text may be anything, a password too.
  const given = typeof value === 'string' ? 'text' : shown(value);
  return pbcError('ERR_PBC_VALUE', `${name}: ${wanted} is expected, not ${given}`, {
    details: { field: name },
  });
}

/** A name, or a value that is no text, as an error shows it: short, and on one line. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `"${printable(value, 80)}"`;
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'a list' : value instanceof Uint8Array ? 'bytes' : 'an object';
  return typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value);
}

/** Number of an enum's value that was given by name or number. @throws ERR_PBC_ENUM. */
export function enumNumber(value: unknown, type: protobuf.Enum, name: string): number {
  if (typeof value === 'string' && Object.hasOwn(type.values, value)) return type.values[value] as number;
  if (
    typeof value === 'number' &&
    (type.valuesById[value] !== undefined || (isOpen(type) && value === (value | 0)))
  )
    return value;
  throw pbcError('ERR_PBC_ENUM', `${name}: ${type.fullName.slice(1)} has no ${shown(value)}`, {
    details: { field: name, enum: type.fullName.slice(1) },
  });
}

/** Whether an enum may have numbers without a name, as those of proto3. */
export function isOpen(type: protobuf.Enum): boolean {
  // The library tells only through what it makes of such a number.
  return (type as unknown as { _features: { enum_type?: string } })._features.enum_type !== 'CLOSED';
}

function number32(value: unknown, field: protobuf.Field): number {
  if (typeof value === 'number') return value;
  // Text without a number in it is 0, as in the original.
  if (typeof value === 'string') return Number(value) || 0;
  if (typeof value === 'bigint') return Number(BigInt.asIntN(32, value));
  throw refuse(nameOf(field), value, 'a number');
}

function integer64(value: unknown, field: protobuf.Field): bigint | number {
  const exact = wholeNumber(value);
  if (exact === undefined || exact < MIN_64 || exact >= MAX_64)
    throw refuse(nameOf(field), value, 'a whole number of 64 bits');
  // The library leaves out a field of proto3 when it is the number 0.
  return exact === 0n ? 0 : exact;
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string')
    return INTEGER.test(value.trim()) ? BigInt(value.trim().replace('+', '')) : wholeNumber(Number(value));
  if (typeof value !== 'number') return undefined;
  if (Number.isNaN(value)) return 0n;
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
}

function real(value: unknown, field: protobuf.Field): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') {
    const parsed = Number(value);
    if (!Number.isNaN(parsed) || value === 'NaN') return parsed;
  }
  throw refuse(nameOf(field), value, 'a number');
}

function text(value: unknown, field: protobuf.Field): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return value;
  throw refuse(nameOf(field), value, 'text');
}

function bytes(value: unknown, field: protobuf.Field): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value);
  throw refuse(nameOf(field), value, 'bytes or text');
}

function message(value: unknown, field: protobuf.Field): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refuse(nameOf(field), value, 'an object');
}

/** The list of a repeated field, its elements coerced. */
export function coerceList(values: unknown, field: protobuf.Field): unknown[] {
  if (!Array.isArray(values)) throw refuse(nameOf(field), values, 'a list');
  return Array.from(values, (value: unknown) => {
    if (value === undefined || value === null) throw refuse(nameOf(field), value, 'a value in each place');
    return coerce(value, field);
  });
}

/** The entries of a map, given as an object or a Map, with keys as the library wants them. */
export function coerceMap(entries: unknown, field: protobuf.Field): Record<string, unknown> {
  if (
    typeof entries !== 'object' ||
    entries === null ||
    Array.isArray(entries) ||
    entries instanceof Uint8Array
  )
    throw refuse(nameOf(field), entries, 'an object or a Map');
  // Without prototype, so that every key is one.
  const result = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries instanceof Map ? entries : Object.entries(entries)) {
    if (value === undefined || value === null) continue;
    result[mapKey(key, field)] = coerce(value, field);
  }
  return result;
}

function mapKey(key: unknown, field: protobuf.Field): string {
  const { keyType } = field as unknown as protobuf.MapField;
  if (keyType === 'string') {
    if (typeof key === 'string') return key;
    if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  } else if (keyType === 'bool') {
    if (key === true || key === 'true') return 'true';
    if (key === false || key === 'false') return 'false';
  } else if (INTEGER.test(String(key))) {
    const number = BigInt(String(key).replace('+', ''));
    const bits = Object.hasOwn(SIGNED, keyType) ? 32 : 64;
    const isUnsigned = /^(uint|fixed)/.test(keyType);
    if ((isUnsigned ? BigInt.asUintN : BigInt.asIntN)(bits, number) === number) return String(number);
  }
  throw refuse(`${nameOf(field)} (key)`, key, keyType);
}
