import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Sheet } from '../../src/sharedata/sheet.ts';
import { writeSheet } from '../../src/sharedata/sheet-writer.ts';
import { ROOT } from '../../src/sharedata/slot.ts';
import { viewOf } from '../../src/sharedata/view.ts';

const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, Number.NaN, '__proto__', 'constructor'),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
);
const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'then', 'length', '0', 'toString'));
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('any'), { maxLength: 80 }),
    fc.dictionary(key, tie('any'), { maxKeys: 80, noNullPrototype: true }),
    fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.bigInt()), tie('any')), {
        maxLength: 80,
      })
      .map((entries) => new Map(entries)),
  ),
})).any;
const whole = fc.oneof(fc.array(value), fc.dictionary(key, value, { noNullPrototype: true }));

const sheetOf = (data: object): Sheet => new Sheet(writeSheet(data));

/** What somebody sees who walks through a view. */
function walk(view: unknown): unknown {
  if (view instanceof Map) return new Map(Array.from(view, ([name, item]) => [name, walk(item)]));
  if (Array.isArray(view)) return Array.from({ length: view.length }, (_, i) => walk(view[i]));
  if (typeof view !== 'object' || view === null || view instanceof Uint8Array) return view;
  return Object.fromEntries(
    Object.keys(view).map((name) => [name, walk((view as Record<string, unknown>)[name])]),
  );
}

describe('a value in shared memory', () => {
  test('is copied out as it went in', () => {
    fc.assert(
      fc.property(whole, (data) => {
        expect(sheetOf(data).copy(ROOT)).toStrictEqual(data);
      }),
    );
  });

  test('looks the same through a view', () => {
    fc.assert(
      fc.property(whole, (data) => {
        const view = viewOf({ sheet: sheetOf(data) });
        expect(walk(view)).toStrictEqual(walk(data));
        expect(Object.keys(view)).toEqual(Object.keys(data));
        expect(Array.isArray(view)).toBe(Array.isArray(data));
      }),
    );
  });

  test('is one text in JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (data) => {
        expect(JSON.stringify(viewOf({ sheet: sheetOf(data) }))).toBe(JSON.stringify(data));
      }),
    );
  });

  test('a dictionary of many keys finds each of them, and no other', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `item${i}`);
    const data = Object.fromEntries(names.map((name, i) => [name, { id: i }]));
    const view = viewOf({ sheet: sheetOf(data) }) as typeof data;
    for (const name of names) expect(view[name]?.id).toBe(data[name]?.id);
    expect(view['item5000']).toBeUndefined();
    expect('item4999' in view).toBe(true);
    expect('item5000' in view).toBe(false);
  });

  test('objects of one shape write their keys once', () => {
    const one = writeSheet([{ health: 1, strength: 2 }]).byteLength;
    const many = writeSheet(Array.from({ length: 1001 }, () => ({ health: 1, strength: 2 }))).byteLength;
    expect((many - one) / 1000).toBe(8 * 4);
  });
});

describe('what cannot be shared is refused', () => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  let deep: unknown = 1;
  for (let i = 0; i < 600; i++) deep = [deep];
  class Player {}

  test.each([
    ['a function', { f: () => 1 }, 'ERR_UNSERIALIZABLE', '$.f'],
    ['a symbol', [Symbol('s')], 'ERR_UNSERIALIZABLE', '$[0]'],
    ['an object of a class', { player: new Player() }, 'ERR_UNSERIALIZABLE', '$.player'],
    ['a circle', circle, 'ERR_UNSERIALIZABLE', '$.self'],
    ['too deep', [deep], 'ERR_UNSERIALIZABLE', undefined],
    ['a key of a map that is an object', new Map([[{}, 1]]), 'ERR_SHAREDATA_VALUE', undefined],
    ['an array of 2^31 entries', { list: new Array(2 ** 31) }, 'ERR_SHAREDATA_SIZE', undefined],
  ])('%s', (_what, data, code, path) => {
    expect(() => writeSheet(data)).toThrow(expect.objectContaining({ code }));
    if (path !== undefined) expect(() => writeSheet(data)).toThrow(path);
  });
});

describe('a view', () => {
  const view = viewOf({
    sheet: sheetOf({ a: 1, list: [1, { b: 2 }], map: new Map([['k', { v: 1 }]]) }),
  }) as { a: number; list: [number, { b: number }]; map: Map<string, { v: number }> };

  test('shows the same view of a part each time', () => {
    expect(view.list).toBe(view.list);
    expect(view.list[1]).toBe(view.list[1]);
    expect(view.map.get('k')).toBe(view.map.get('k'));
  });

  test('of an array has the methods that read one, as any array has them', () => {
    const plain = [5, { n: 1 }, 'x', { n: 2 }, null];
    const array = (viewOf({ sheet: sheetOf({ plain }) }) as { plain: typeof plain }).plain;
    const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
    const seen: [unknown, number][] = [];
    array.forEach(function (this: unknown, value, index, whole) {
      expect([this, whole]).toEqual(['self', array]);
      seen.push([value, index]);
    }, 'self');
    expect(seen).toEqual(plain.map((value, index) => [value, index]));
    for (const index of [0, 1, -1, -5, -6, 5, 1.7, Number.NaN, Number.POSITIVE_INFINITY])
      expect(array.at(index), `${index}`).toEqual(plain.at(index));
    expect(array.at(1)).toBe(array[1]);
    expect(array.map((value, index) => [index, value])).toEqual(plain.map((value, index) => [index, value]));
    expect(array.filter(isObject)).toEqual(plain.filter(isObject));
    expect([array.find(isObject), array.findIndex(isObject)]).toEqual([{ n: 1 }, 1]);
    expect([array.find(() => false), array.findIndex(() => false)]).toEqual([undefined, -1]);
    expect([array.some(isObject), array.every(isObject)]).toEqual([true, false]);
    expect([[].some.call(array, isObject as never), array.every(() => true)]).toEqual([true, true]);
    expect([...array]).toEqual(plain);
    expect([...array.values()]).toEqual(plain);
    expect([...array.entries()]).toEqual([...plain.entries()]);
    expect(array.reduce((sum, value) => sum + typeof value, '')).toBe(
      plain.reduce((sum: string, value) => sum + typeof value, ''),
    );
  });

  test('does what readers of ordinary values do', () => {
    expect([...view.list].length).toBe(2);
    expect(view.list.map((item) => typeof item)).toEqual(['number', 'object']);
    expect({ ...view }.a).toBe(1);
    expect(Object.entries(view.list[1])).toEqual([['b', 2]]);
    expect(view.list.indexOf(1)).toBe(0);
    expect(view.list.concat([3 as never]).length).toBe(3);
    expect(`${view.list.slice(0, 1)}`).toBe('1');
    expect(Object.hasOwn(view, 'a')).toBe(true);
    expect(walk(view)).toEqual({ a: 1, list: [1, { b: 2 }], map: new Map([['k', { v: 1 }]]) });
  });

  test.each<[string, () => unknown, string]>([
    ['a key', () => (view.a = 2), '[]'],
    ['a new key', () => Object.assign(view.list[1], { c: 1 }), '[.list[1]]'],
    ['an element', () => (view.list[0] = 5), '[.list]'],
    ['push', () => view.list.push(1 as never), '[.list]'],
    ['sort', () => view.list.sort(), '[.list]'],
    ['length', () => ((view.list as unknown[]).length = 0), '[.list]'],
    ['delete', () => delete (view as Partial<typeof view>).a, '[]'],
    ['defineProperty', () => Object.defineProperty(view, 'a', { value: 2 }), '[]'],
    ['setPrototypeOf', () => Object.setPrototypeOf(view, null), '[]'],
    ['freeze', () => Object.freeze(view), '[]'],
    ['set', () => view.map.set('k', { v: 2 }), '[.map]'],
    ['delete in a map', () => view.map.delete('k'), '[.map]'],
    ['clear', () => view.map.clear(), '[.map]'],
  ])('cannot be changed: %s', (_how, change, path) => {
    expect(change).toThrow(expect.objectContaining({ code: 'ERR_SHAREDATA_READONLY' }));
    expect(change).toThrow(path);
    expect(walk(view)).toEqual({ a: 1, list: [1, { b: 2 }], map: new Map([['k', { v: 1 }]]) });
  });

  test('bytes are a copy of the reader', () => {
    const shared = viewOf({ sheet: sheetOf({ bytes: Buffer.from('abc') }) }) as { bytes: Buffer };
    shared.bytes[0] = 0;
    expect(shared.bytes.toString()).toBe('abc');
  });
});
