import { inspect } from 'node:util';
import type { Skynet } from '@skynet/core';
import { createShareData } from '@skynet/core/sharedata';
import { startTestNode } from '@skynet/core/testing';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

async function inService(work: (skynet: Skynet) => Promise<void>): Promise<void> {
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(work);
}

describe('keys that mean something to JavaScript', () => {
  const KEYS = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'then',
    'toJSON',
    'length',
    '',
  ];

  test('are keys like others, in values and in JSON text; nothing else is touched', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      const text = JSON.stringify({ inner: 0 }).replace(
        '{',
        `{${KEYS.map((key) => `"${key}":{"evil":1}`).join()},`,
      );
      await sharedata.new('text', text);
      await sharedata.new('value', JSON.parse(text));
      for (const name of ['text', 'value']) {
        const view = await sharedata.query<Record<string, unknown>>(name);
        expect(Object.keys(view).sort()).toEqual([...KEYS, 'inner'].sort());
        for (const key of KEYS) expect(view[key], key).toEqual({ evil: 1 });
        const copy = (await sharedata.deepcopy(name)) as object;
        expect(Object.keys(copy).sort()).toEqual([...KEYS, 'inner'].sort());
        expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
      }
      expect(({} as Record<string, unknown>)['evil']).toBeUndefined();
    }));

  test('many of them, so that they are found by their hash', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      const entries = [...KEYS, ...Array.from({ length: 500 }, (_, i) => `key${i}`)].map(
        (key) => `"${key}":"${key}!"`,
      );
      await sharedata.new('many', `{${entries.join()}}`);
      const view = await sharedata.query<Record<string, string>>('many');
      for (const key of KEYS) expect(view[key]).toBe(`${key}!`);
      expect(view['absent']).toBeUndefined();
      expect('key499' in view && !('key500' in view)).toBe(true);
    }));
});

describe('values that cannot be shared have a code, and change nothing', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = { around: circle };
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  const sparse: unknown[] = [];
  sparse.length = 2 ** 32 - 1;

  test.each<[string, unknown, string]>([
    ['a circle', circle, 'ERR_UNSERIALIZABLE'],
    ['too deep', deep, 'ERR_UNSERIALIZABLE'],
    ['more entries than there is memory for', sparse, 'ERR_SHAREDATA_SIZE'],
    ['a function', { f: () => 1 }, 'ERR_UNSERIALIZABLE'],
    ['a symbol', { s: Symbol('s') }, 'ERR_UNSERIALIZABLE'],
    ['a date', { d: new Date(0) }, 'ERR_UNSERIALIZABLE'],
    ['a number', 5, 'ERR_SHAREDATA_VALUE'],
    ['a Map with a table as key', new Map([[{}, 1]]), 'ERR_SHAREDATA_VALUE'],
    ['a Map with a fraction as key', new Map([[1.5, 1]]), 'ERR_SHAREDATA_VALUE'],
    ['a Map with a boolean as key, in a list', [{ m: new Map([[true, 1]]) }], 'ERR_SHAREDATA_VALUE'],
    ['a Map with NaN as key', new Map([[Number.NaN, 1]]), 'ERR_SHAREDATA_VALUE'],
    ['a text that is nothing', '{ a: ', 'ERR_SHAREDATA_LOAD'],
    ['a file that is not there', '@/nowhere/items.json', 'ERR_SHAREDATA_LOAD'],
    [
      'a getter that throws',
      Object.defineProperty({}, 'g', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
      'no',
    ],
  ])('%s', (_what, value, expected) =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('kept', { a: 1 });
      const failed = await sharedata.update('kept', value).then(
        () => undefined,
        (error: Error & { code?: string }) => error,
      );
      expect(failed?.code ?? failed?.message).toBe(expected);
      expect((await sharedata.query<{ a: number }>('kept')).a).toBe(1);
    }),
  );
});

describe('a view', () => {
  test('refuses every way of changing it', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('data', { object: { a: 1 }, list: [3, 1, 2], map: new Map([['k', 1]]) });
      type Data = { object: { a: number; b?: number }; list: number[]; map: Map<string, number> };
      const view = (await sharedata.query<Data>('data')) as unknown as Data;
      const refused = code('ERR_SHAREDATA_READONLY');
      const ways: (() => unknown)[] = [
        () => {
          view.object.a = 2;
        },
        () => {
          view.object.b = 2;
        },
        () => delete (view.object as { a?: number }).a,
        () => Object.assign(view.object, { a: 2 }),
        () => Object.defineProperty(view.object, 'a', { value: 2 }),
        () => Object.setPrototypeOf(view.object, null),
        () => Object.freeze(view.object),
        () => view.list.push(4),
        () => view.list.sort(),
        () => view.list.fill(0),
        () => {
          view.list.length = 0;
        },
        () => view.map.set('k', 2),
        () => view.map.delete('k'),
        () => view.map.clear(),
      ];
      for (const way of ways) expect(way, String(way)).toThrow(refused);
      expect(await sharedata.deepcopy('data')).toEqual({
        object: { a: 1 },
        list: [3, 1, 2],
        map: new Map([['k', 1]]),
      });
    }));

  test('works where the value would: loops, spreads, JSON, methods of arrays', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('data', { rows: [{ id: 1 }, { id: 2 }], empty: {}, none: [] });
      type Data = { rows: { id: number }[]; empty: object; none: unknown[] };
      const view = await sharedata.query<Data>('data');
      expect(JSON.stringify(view)).toBe('{"rows":[{"id":1},{"id":2}],"empty":{},"none":[]}');
      expect({ ...view.rows[0] }).toEqual({ id: 1 });
      expect([...view.rows].map(({ id }) => id)).toEqual([1, 2]);
      expect(view.rows.map(({ id }) => id * 2).concat([9])).toEqual([2, 4, 9]);
      expect(view.rows.find(({ id }) => id === 2)).toBe(view.rows[1]);
      expect(Array.isArray(view.rows) && view.rows.length === 2 && 1 in view.rows && !(2 in view.rows)).toBe(
        true,
      );
      expect(Object.entries(view).map(([key]) => key)).toEqual(['rows', 'empty', 'none']);
      expect(structuredClone(await sharedata.deepcopy('data'))).toEqual(view);
      const seen: string[] = [];
      for (const key in view) seen.push(key);
      expect(seen).toEqual(['rows', 'empty', 'none']);
    }));

  test('shows what it stands for to who prints it', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('data', { rows: [{ id: 1 }], map: new Map([['k', 1]]) });
      expect(inspect(await sharedata.query('data'), { depth: 5 })).toBe(
        inspect(await sharedata.deepcopy('data'), { depth: 5 }),
      );
    }));

  test('of any value is that value', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      const scalar = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.bigInt(),
        fc.boolean(),
        fc.constant(null),
        fc.constant(undefined),
      );
      const { table } = fc.letrec((tie) => ({
        value: fc.oneof({ maxDepth: 4 }, scalar, tie('table')),
        table: fc.oneof(
          fc.array(tie('value'), { maxLength: 80 }),
          fc.dictionary(fc.string(), tie('value'), { maxKeys: 90 }),
          fc
            .array(fc.tuple(fc.oneof(fc.string(), fc.integer(), fc.bigInt()), tie('value')), {
              maxLength: 90,
            })
            .map((entries) => new Map(entries)),
        ),
      }));
      await fc.assert(
        fc.asyncProperty(table, async (value) => {
          await sharedata.update('any', value);
          expect(await sharedata.query('any')).toEqual(value);
          expect(await sharedata.deepcopy('any')).toEqual(value);
        }),
        { numRuns: runs(100) },
      );
    }));

  test('of ever other keys stays the same view for those that are there, and forgets the others', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new('data', { stays: { n: 0 } });
      const view = await sharedata.query<Record<string, { n: number }>>('data');
      const { stays } = view;
      for (let n = 1; n <= 600; n++) {
        await sharedata.update('data', { stays: { n }, [`only ${n}`]: { n } });
        expect(view[`only ${n}`]?.n).toBe(n);
        expect(view[`only ${n - 1}`]).toBeUndefined();
      }
      expect(view['stays']).toBe(stays);
      expect(stays?.n).toBe(600);
    }));

  test('of many parts keeps the views made last, and older ones still show what they stand for', () =>
    inService(async (skynet) => {
      const sharedata = createShareData(skynet);
      await sharedata.new(
        'rows',
        Array.from({ length: 20_000 }, (_, id) => ({ id })),
      );
      const rows = await sharedata.query<{ id: number }[]>('rows');
      const held = rows.map((row) => row);
      const isSame = (i: number): boolean => held[i] === rows[i];
      expect(isSame(19_999)).toBe(true);
      expect(Array.from({ length: 8000 }, (_, i) => 19_999 - i).every(isSame)).toBe(true);
      await sharedata.update(
        'rows',
        Array.from({ length: 20_000 }, (_, id) => ({ id: -id })),
      );
      expect(held.every((row, i) => row.id === -i)).toBe(true);
    }));

  test('keeps its parts when keys change their places, come and go, and arrays grow and shrink', () =>
    inService(async (skynet) => {
      interface Data {
        a?: { n: number };
        b?: { n: number };
        list: { n: number }[];
      }
      const sharedata = createShareData(skynet);
      const list = (size: number, n: number): { n: number }[] => Array.from({ length: size }, () => ({ n }));
      await sharedata.new('data', { a: { n: 1 }, b: { n: 2 }, list: list(3, 1) });
      const view = (await sharedata.query('data')) as unknown as Data;
      const { a, b } = view;
      const [first] = view.list;
      await sharedata.update('data', { list: list(300, 2), b: { n: 3 }, x: 1, a: { n: 4 } });
      expect([view.a, view.b]).toEqual([{ n: 4 }, { n: 3 }]);
      expect([view.a === a, view.b === b, view.list[0] === first]).toEqual([true, true, true]);
      expect([a?.n, b?.n, first?.n]).toEqual([4, 3, 2]);
      await sharedata.update('data', { b: { n: 5 }, list: list(2, 3) });
      expect(() => a?.n).toThrow(expect.objectContaining({ code: 'ERR_SHAREDATA_GONE' }));
      expect([view.b === b, b?.n, view.list[0] === first, first?.n]).toEqual([true, 5, true, 3]);
      await sharedata.update('data', { list: [], a: { n: 6 } });
      expect([view.a === a, a?.n, view.list.length]).toEqual([true, 6, 0]);
      expect(() => first?.n).toThrow(expect.objectContaining({ code: 'ERR_SHAREDATA_GONE' }));
      expect(() => b?.n).toThrow(expect.objectContaining({ code: 'ERR_SHAREDATA_GONE' }));
      await sharedata.update('data', { b: { n: 7 }, list: list(70, 8), a: 5 });
      expect([view.b?.n, b?.n, view.list[69]?.n, first?.n, view.a]).toEqual([7, 7, 8, 8, 5]);
    }));
});
