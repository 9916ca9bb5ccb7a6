import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import { packSeri, packSeriShared, unpackSeri } from '../../src/codec/lua-seri.ts';
import { luaValue } from './values.ts';

/** More often than it takes a shape to get a function of its own. */
const OFTEN = 1100;

const key = (text: string): number[] => [4 | (text.length << 3), ...Buffer.from(text)];
const byte = (value: number): number[] => [2 | (1 << 3), value];
const NIL = 0;
const table = (...pairs: number[][]): Uint8Array => Uint8Array.from([6, ...pairs.flat(), NIL]);

describe('a packed table that comes often', () => {
  test.each<[string, Uint8Array, unknown]>([
    [
      'is an object with its keys in their order',
      table(key('b'), byte(1), key('a'), byte(2)),
      { b: 1, a: 2 },
    ],
    ['has the last value of a key that comes twice', table(key('a'), byte(1), key('a'), byte(2)), { a: 2 }],
    ['has no pair with nil', table(key('a'), byte(1), key('b'), [NIL], key('c'), byte(3)), { a: 1, c: 3 }],
    ['may have nothing but nil', table(key('a'), [NIL]), {}],
    [
      'becomes a Map with the first key that is no text',
      table(key('a'), byte(1), byte(9), byte(2)),
      new Map<unknown, unknown>([
        ['a', 1],
        [9, 2],
      ]),
    ],
    [
      'may hold tables of the same keys',
      table(key('a'), [...table(key('a'), byte(1))], key('b'), byte(2)),
      { a: { a: 1 }, b: 2 },
    ],
    [
      'takes __proto__ for a key',
      table(key('__proto__'), byte(1), key('x'), byte(2)),
      Object.fromEntries([
        ['__proto__', 1],
        ['x', 2],
      ]),
    ],
    ['takes keys that are numbers as text', table(key('2'), byte(1), key('1'), byte(2)), { 1: 2, 2: 1 }],
  ])('%s', (_, bytes, expected) => {
    for (let i = 0; i < OFTEN; i++) {
      const [value] = unpackSeri(bytes);
      if (i === 0 || i > OFTEN - 3) {
        expect(value).toStrictEqual(expected);
        if (!(expected instanceof Map))
          expect(Object.keys(value as object)).toEqual(Object.keys(expected as object));
      }
    }
  });

  test('is read as it stands beside others that begin alike, within it and in turns', () => {
    const values = [
      { ab: 1, z: { ac: 2, z: { ab: 3 } } },
      { ac: 1, z: { ab: 2 }, y: [{ ac: 3 }, { ab: 4 }] },
      { ab: { ab: { ac: { ac: 1 } } } },
    ];
    for (let i = 0; i < OFTEN; i++) {
      const value = values[i % values.length];
      expect(unpackSeri(packSeri([value, i]))).toStrictEqual([value, i]);
    }
  });

  test('may hold so much that its places are not kept, and the next one is read as any', () => {
    const wide = (depth: number): object => {
      const object: Record<string, unknown> = {};
      for (let i = 0; i < 60; i++) object[`k${i}`] = `${depth} ${i}`;
      if (depth > 0) object.below = wide(depth - 1);
      return object;
    };
    const large = wide(25);
    for (const value of [large, { a: 1 }, large, { a: 1, b: { c: 2 } }])
      expect(unpackSeri(packSeri([value]))).toStrictEqual([value]);
  });

  test('is refused in the middle, and read as before then', () => {
    const bytes = table(key('name'), byte(1), key('other'), byte(2));
    for (let i = 0; i < OFTEN; i++) unpackSeri(bytes);
    for (let size = 1; size < bytes.length; size++)
      expect(() => unpackSeri(bytes.subarray(0, size))).toThrow(
        expect.objectContaining({ code: 'ERR_SERI_MALFORMED' }),
      );
    expect(unpackSeri(bytes)).toEqual([{ name: 1, other: 2 }]);
  });

  test('is its own, whoever has others of the shape', () => {
    const bytes = packSeri([{ list: [1], at: 1 }]);
    const [first, second] = [unpackSeri(bytes)[0], unpackSeri(bytes)[0]] as { list: number[] }[];
    first?.list.push(2);
    expect(second).toEqual({ list: [1], at: 1 });
  });
});

test('dictionaries with keys of their own are read, however many', () => {
  for (let i = 0; i < 20_000; i++) {
    const value = { [`key ${i}`]: i, [`more ${i}`]: { [`deep ${i}`]: '' } };
    if (i % 500 === 0) expect(unpackSeri(packSeri([value]))).toEqual([value]);
    else unpackSeri(packSeri([value]));
  }
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i]));
  expect(unpackSeri(packSeri([wide]))).toEqual([wide]);
  const long = { ['x'.repeat(300)]: 1, é: 2, ['é'.repeat(20)]: 3 };
  for (let i = 0; i < 3; i++) expect(unpackSeri(packSeri([long]))).toEqual([long]);
});

test('bytes in shared memory are the same, and stay so', () => {
  const kept: [Uint8Array, Uint8Array][] = [];
  fc.assert(
    fc.property(fc.array(luaValue, { maxLength: 4 }), (values) => {
      const bytes = packSeriShared(values);
      kept.push([bytes, packSeri(values)]);
      expect(unpackSeri(bytes)).toEqual(unpackSeri(packSeri(values)));
    }),
    { numRuns: runs(300) },
  );
  for (const [bytes, expected] of kept) expect(Buffer.compare(bytes, expected)).toBe(0);
});
