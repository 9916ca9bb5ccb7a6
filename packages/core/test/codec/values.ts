import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect } from 'vitest';
import { isSkynetError } from '../../src/errors.ts';

const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 90 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '__proto__',
      'constructor',
      '0',
      '7',
      'x'.repeat(63),
      'y'.repeat(64),
      '中'.repeat(200),
    ),
  },
);

/** Long text that turns out not to be ASCII late. */
const lateWide = fc
  .tuple(fc.integer({ min: 10, max: 70 }), fc.constantFrom('é', '中', '😀', '😀😀😀', '\u0080'), fc.nat(6))
  .map(([before, wide, after]) => 'a'.repeat(before) + wide + 'b'.repeat(after));

const loneSurrogates = fc.constantFrom('\ud800', 'a\udc00b', `${'z'.repeat(70)}\ud83d`, '\udc00\ud800');

const number = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    Number.NaN,
    1.5,
    2 ** 31,
    2 ** 53,
    2 ** 63,
    0x7f,
    0x80,
    0x7fff,
    0x8000,
    -0x8000,
    -0x8001,
  ),
);

const wideInteger = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
);

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ maxLength: 80 }).map((part) => Buffer.from(part)),
);

const keys = fc.oneof(fc.constantFrom('id', 'name', 'hp', 'pos', '__proto__', 'toString', '1', ''), text);

/** An object with its own `__proto__`, if that is among the keys. */
function objectOf(pairs: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(pairs);
}

/** Everything a message can hold. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.constantFrom(null, undefined, true, false),
      number,
      text,
      loneSurrogates,
      bytes,
      wideInteger,
      fc.bigInt(),
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(keys, tie('value')), { maxLength: 6 }).map(objectOf),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  ),
})).value;

/** What comes back from Lua as it went there; see the tables in lua-seri.ts for the rest. */
export const luaValue: fc.Arbitrary<unknown> = fc.letrec((tie) => {
  const present = tie('value').filter((value) => value !== undefined);
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(fc.constantFrom(undefined, true, false), number, text, lateWide, wideInteger),
      fc.array(tie('value'), { maxLength: 40 }),
      fc.array(fc.tuple(keys, present), { minLength: 1, maxLength: 6 }).map(objectOf),
      fc
        .array(fc.tuple(fc.oneof(number, text, fc.boolean(), wideInteger), present), {
          minLength: 1,
          maxLength: 6,
        })
        .map((pairs) => new Map(pairs.filter(([key]) => !Number.isNaN(key))))
        .filter((map) => !isListOrObject(map)),
    ),
  };
}).value;

/** Such maps come back as an array or as an object. */
function isListOrObject(map: Map<unknown, unknown>): boolean {
  const keys = [...map.keys()];
  return (
    keys.every((key) => typeof key === 'string') ||
    Array.from({ length: map.size }, (_, i) => i + 1).every((i) => map.has(i))
  );
}

/** Equal to the last bit: kinds of bytes, -0, prototypes. */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected);
  expect(isDeepStrictEqual(actual, expected)).toBe(true);
}

/** Equal, and the keys of objects and maps in the same order. */
export function expectSame(actual: unknown, expected: unknown): void {
  expectEqual(actual, expected);
  expect(order(actual)).toEqual(order(expected));
}

function order(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(order);
  if (value instanceof Map) return [...value].map(([key, item]) => [order(key), order(item)]);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return typeof value;
  return Object.entries(value).map(([key, item]) => [key, order(item)]);
}

/** Path and type of a refusal. */
export function refusalOf(attempt: () => unknown): { path: unknown; type: unknown } {
  try {
    attempt();
  } catch (thrown) {
    if (!isSkynetError(thrown, 'ERR_UNSERIALIZABLE')) throw thrown;
    expect(thrown.message).toBe(`cannot be sent: ${thrown.details?.path}: ${thrown.details?.type}`);
    return { path: thrown.details?.path, type: thrown.details?.type };
  }
  throw new Error('was not refused');
}

/** Arrays in arrays, `depth` of them around the innermost, which is `[]`. */
export function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
