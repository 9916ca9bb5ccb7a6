// Checkers of values, for requests, pushes and whoever else wants one. Run in a browser too.
import { readOptions } from '@skynet/core/options';
import { playerError } from './errors.ts';
import type { Schema, SchemaIssue, SchemaResult } from './schema.ts';

/** A value does not fit. Thrown inside checkers, never out of them. */
class Misfit {
  readonly message: string;
  readonly path: PropertyKey[] = [];

  constructor(message: string) {
    this.message = message;
  }

  under(key: PropertyKey): this {
    this.path.unshift(key);
    return this;
  }

  static below(key: PropertyKey, thrown: unknown): unknown {
    return thrown instanceof Misfit ? thrown.under(key) : thrown;
  }
}

/** Checks that a value is of a type; fits wherever a {@link Schema} does. */
export interface Checker<Value> extends Schema<Value, Value> {
  /** What it wants, in words: `text of 1 to 20 characters`. */
  readonly describe: string;
  /** Returns the value, or the reason why it is none. Made for hot paths: no promise, no object for what fits. */
  readonly check: (value: unknown) => Value | SchemaFailure;
}

/** Why a value was refused. */
export class SchemaFailure {
  readonly issues: readonly SchemaIssue[];

  constructor(issues: readonly SchemaIssue[]) {
    this.issues = issues;
  }
}

/** A part of a {@link shape} that may be missing. */
export interface OptionalPart<Value> {
  readonly optional: Checker<Value>;
}

/** How long something may be. */
export interface LengthLimits {
  /** Least, default 0. */
  readonly min?: number;
  /** Most, default no limit but that of a frame. */
  readonly max?: number;
}

/** Smallest and largest number. */
export interface NumberLimits {
  /** Default no limit. */
  readonly min?: number;
  /** Default no limit. */
  readonly max?: number;
}

const READ: unique symbol = Symbol('read');

interface Readable<Value> extends Checker<Value> {
  readonly [READ]: (value: unknown) => Value;
}

function checker<Value>(describe: string, read: (value: unknown) => Value): Checker<Value> {
  const check = (value: unknown): Value | SchemaFailure => {
    try {
      return read(value);
    } catch (thrown) {
      if (!(thrown instanceof Misfit)) throw thrown;
      return new SchemaFailure([
        thrown.path.length === 0
          ? { message: thrown.message }
          : { message: thrown.message, path: thrown.path },
      ]);
    }
  };
  const validate = (value: unknown): SchemaResult<Value> => {
    const result = check(value);
    return result instanceof SchemaFailure ? { issues: result.issues } : { value: result };
  };
  const made: Readable<Value> = {
    describe,
    check,
    [READ]: read,
    '~standard': { version: 1, vendor: '@skynet/player', validate },
  };
  return made;
}

/** @throws ERR_ARGUMENT for what is no checker. */
function readerOf<Value>(of: Checker<Value>): (value: unknown) => Value {
  const read = (of as Readable<Value> | undefined)?.[READ];
  if (typeof read !== 'function')
    throw playerError('ERR_ARGUMENT', 'the parts of a checker are checkers of @skynet/player');
  return read;
}

/** A value as a message names it: its kind, never its content. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Map) return 'a Map';
  switch (typeof value) {
    case 'undefined':
      return 'nothing';
    case 'string':
      return 'text';
    case 'object':
      return 'an object';
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      return `a ${typeof value}`;
  }
}

/** Limits that can be. @throws ERR_ARGUMENT. */
function checkedLimits<Limits extends NumberLimits>(given: Limits): Limits {
  return readOptions('limit', given as NumberLimits, (limits) => {
    for (const key of ['min', 'max'] as const) {
      const value = limits.value(key);
      if (value !== undefined && (typeof value !== 'number' || Number.isNaN(value)))
        limits.wrong(key, 'a number');
    }
    return given;
  });
}

function limitsOf(what: string, { min, max }: NumberLimits, unit = ''): string {
  if (min !== undefined && max !== undefined)
    return `${what} ${unit === '' ? 'from' : 'of'} ${min} to ${max}${unit}`;
  if (min !== undefined) return `${what} ${unit === '' ? 'from' : 'of'} ${min}${unit} on`;
  return max === undefined ? what : `${what} up to ${max}${unit}`;
}

function sizeChecker<Value>(
  what: string,
  unit: string,
  limits: LengthLimits,
  sizeOf: (value: unknown) => number | undefined,
): Checker<Value> {
  const { min = 0, max = Number.POSITIVE_INFINITY } = checkedLimits(limits);
  const describe = limitsOf(what, limits, unit);
  return checker(describe, (value) => {
    const size = sizeOf(value);
    if (size === undefined) throw new Misfit(`must be ${describe}, not ${kindOf(value)}`);
    if (size < min || size > max) throw new Misfit(`must be ${describe}, not of ${size}`);
    return value as Value;
  });
}

/** Text; `min` and `max` count UTF-16 units, as `length` does. */
export function text(limits: LengthLimits = {}): Checker<string> {
  return sizeChecker('text', ' characters', limits, (value) =>
    typeof value === 'string' ? value.length : undefined,
  );
}

/** Bytes. */
export function bytes(limits: LengthLimits = {}): Checker<Uint8Array> {
  return sizeChecker('bytes', '', limits, (value) =>
    value instanceof Uint8Array ? value.length : undefined,
  );
}

function numberChecker(
  what: string,
  limits: NumberLimits,
  fits: (value: unknown) => boolean,
): Checker<number> {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = checkedLimits(limits);
  const describe = limitsOf(what, limits);
  return checker(describe, (value) => {
    if (!fits(value))
      throw new Misfit(`must be ${describe}, not ${typeof value === 'number' ? value : kindOf(value)}`);
    if ((value as number) < min || (value as number) > max)
      throw new Misfit(`must be ${describe}, not ${value}`);
    return value as number;
  });
}

/** A number that is neither NaN nor infinite. */
export function number(limits: NumberLimits = {}): Checker<number> {
  return numberChecker('a number', limits, Number.isFinite);
}

/** A whole number, up to 2^53 - 1. */
export function whole(limits: NumberLimits = {}): Checker<number> {
  return numberChecker('a whole number', limits, Number.isSafeInteger);
}

/** True or false. */
export function flag(): Checker<boolean> {
  return checker('true or false', (value) => {
    if (typeof value !== 'boolean') throw new Misfit(`must be true or false, not ${kindOf(value)}`);
    return value;
  });
}

/** One of these texts, numbers, flags, or null. */
export function oneOf<const Values extends readonly (string | number | boolean | null)[]>(
  ...values: Values
): Checker<Values[number]> {
  type Value = Values[number];
  const describe = `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
  return checker(describe, (value) => {
    if (!values.includes(value as Value)) throw new Misfit(`must be ${describe}`);
    return value as Value;
  });
}

/** A list, each of whose entries fits. `min` and `max` count them. */
export function list<Value>(of: Checker<Value>, limits: LengthLimits = {}): Checker<Value[]> {
  const read = readerOf(of);
  const size = sizeChecker<unknown[]>('a list', ' entries', limits, (value) =>
    Array.isArray(value) ? value.length : undefined,
  );
  const readList = readerOf(size);
  return checker(`${size.describe}, each ${of.describe}`, (value) => {
    const entries = readList(value);
    return entries.map((entry, at) => {
      try {
        return read(entry);
      } catch (thrown) {
        throw Misfit.below(at, thrown);
      }
    });
  });
}

/** Marks a part of a {@link shape} that may be missing. */
export function optional<Value>(of: Checker<Value>): OptionalPart<Value> {
  readerOf(of);
  return { optional: of };
}

type Parts = { readonly [key: string]: Checker<unknown> | OptionalPart<unknown> };
type Flat<Type> = { [Key in keyof Type]: Type[Key] };

/** What a {@link shape} of these parts lets through. */
export type ShapeOf<Of> = Flat<
  {
    -readonly [Key in keyof Of as Of[Key] extends Checker<infer _> ? Key : never]: Of[Key] extends Checker<
      infer Value
    >
      ? Value
      : never;
  } & {
    -readonly [Key in keyof Of as Of[Key] extends OptionalPart<infer _>
      ? Key
      : never]?: Of[Key] extends OptionalPart<infer Value> ? Value : never;
  }
>;

/** An object with these parts and no others. */
export function shape<const Of extends Parts>(parts: Of): Checker<ShapeOf<Of>> {
  if (typeof parts !== 'object' || parts === null)
    throw playerError('ERR_ARGUMENT', 'a shape is made of its parts, by name');
  const all = Object.entries<Parts[string]>(parts).map(([key, part]) => {
    const isOptional = typeof part === 'object' && part !== null && 'optional' in part;
    const of = isOptional ? part.optional : part;
    return { key, isOptional, read: readerOf(of), describe: of.describe };
  });
  const described = all.map(({ key, isOptional, describe }) => `${key}${isOptional ? '?' : ''}: ${describe}`);
  const count = all.length;
  return checker(`{ ${described.join('; ')} }`, (value) => {
    if (
      typeof value !== 'object' ||
      value === null ||
      Array.isArray(value) ||
      value instanceof Uint8Array ||
      value instanceof Map
    )
      throw new Misfit(`must be an object, not ${kindOf(value)}`);
    const given = value as Record<string, unknown>;
    const made: Record<string, unknown> = {};
    let met = 0;
    for (const { key, isOptional, read } of all) {
      const isThere = Object.hasOwn(given, key);
      if (isThere) met++;
      const part = isThere ? given[key] : undefined;
      if (part === undefined && isOptional) continue;
      try {
        made[key] = read(part);
      } catch (thrown) {
        throw Misfit.below(key, thrown);
      }
    }
    const keys = Object.keys(given);
    if (keys.length > met) {
      const stranger = keys.find((key) => !Object.hasOwn(parts, key)) ?? '';
      throw new Misfit(
        count === 0 ? 'must have no parts' : `is no part; there are: ${all.map(({ key }) => key).join(', ')}`,
      ).under(stranger.slice(0, 40));
    }
    return made as ShapeOf<Of>;
  });
}

/** An object with any keys, as a table is. `max` counts them. */
export function table<Value>(
  of: Checker<Value>,
  limits: LengthLimits = {},
): Checker<{ [key: string]: Value }> {
  const read = readerOf(of);
  const { min = 0, max = Number.POSITIVE_INFINITY } = checkedLimits(limits);
  const describe = `${limitsOf('a table', limits, ' keys')}, each ${of.describe}`;
  return checker(describe, (value) => {
    if (
      typeof value !== 'object' ||
      value === null ||
      Array.isArray(value) ||
      value instanceof Uint8Array ||
      value instanceof Map
    )
      throw new Misfit(`must be ${describe}, not ${kindOf(value)}`);
    const entries = Object.entries(value);
    if (entries.length < min || entries.length > max)
      throw new Misfit(`must be ${describe}, not of ${entries.length}`);
    return Object.fromEntries(
      entries.map(([key, entry]) => {
        try {
          return [key, read(entry)];
        } catch (thrown) {
          throw Misfit.below(key, thrown);
        }
      }),
    );
  });
}

/** What one of these lets through, the first that does. */
export function either<const Of extends readonly Checker<unknown>[]>(
  ...of: Of
): Checker<Of[number] extends Checker<infer Value> ? Value : never> {
  type Value = Of[number] extends Checker<infer One> ? One : never;
  const readers = of.map(readerOf<unknown>);
  const describe = of.map((one) => one.describe).join(', or ');
  return checker(describe, (value) => {
    for (const read of readers) {
      try {
        return read(value) as Value;
      } catch (thrown) {
        if (!(thrown instanceof Misfit)) throw thrown;
      }
    }
    throw new Misfit(`must be ${describe}`);
  });
}

/** Anything a message can hold, taken for `Value` unchecked: for what the handler checks itself. */
export function anything<Value = unknown>(): Checker<Value> {
  return checker('anything', (value) => value as Value);
}

/**
 * Declares what a push carries, for the compiler: `push<{ from: string }>()`. What the server pushes is its own, so
 * nothing is checked. Nothing is carried by `push()`.
 */
export function push<Value = undefined>(): Checker<Value> {
  return checker('a value', (value) => value as Value);
}
