import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyArgs, copyValue } from '../../src/codec/copy.ts';
import { LinkDecoder } from '../../src/codec/link-decoder.ts';
import { LinkEncoder } from '../../src/codec/link-encoder.ts';
import { packSeri, seriSize, unpackSeri } from '../../src/codec/lua-seri.ts';
import { Region } from '../../src/codec/region.ts';
import { anyValue, expectEqual, expectSame, luaValue, nested, refusalOf } from './values.ts';

const SIZE = 1 << 20;
const region = new Region(new SharedArrayBuffer(SIZE));

/** Over one link again and again, as between two threads. */
function linkRoute(): (values: unknown[]) => unknown[] {
  const encoder = new LinkEncoder();
  const decoder = new LinkDecoder();
  return (values) => decoder.decode(region, 0, encoder.encode(values, region, 0, SIZE));
}

function luaRoute(values: unknown[]): unknown[] {
  return unpackSeri(packSeri(values));
}

class Point {
  x = 1;
}

const shared = { a: [1] };
const looping: Record<string, unknown> = { name: 'loop' };
looping['child'] = { list: [looping] };
const loopingMap = new Map<unknown, unknown>();
loopingMap.set('self', loopingMap);

/** Refused by every route, with the same words. */
const refused: [name: string, value: unknown, path: string, type: string][] = [
  ['a function', () => 0, '$[1]', 'function'],
  ['a function inside', [0, { pos: { fn() {} } }], '$[1][1].pos.fn', 'function'],
  ['a symbol', [Symbol('s')], '$[1][0]', 'symbol'],
  ['an object of a class', { p: new Point() }, '$[1].p', 'Point'],
  ['a date', { 'at once': new Date(0) }, '$[1]["at once"]', 'Date'],
  ['a set', new Map([['k', new Set()]]), '$[1].get("k")', 'Set'],
  ['an error', [new Error('e')], '$[1][0]', 'Error'],
  ['another typed array', { f: new Float64Array(1) }, '$[1].f', 'Float64Array'],
  ['an array buffer', new ArrayBuffer(1), '$[1]', 'ArrayBuffer'],
  [
    'a key of a map',
    new Map<unknown, unknown>([
      ['a', 1],
      [() => 0, 1],
    ]),
    '$[1].key(1)',
    'function',
  ],
  ['a promise', Promise.resolve(), '$[1]', 'Promise'],
  ['an object that contains itself', looping, '$[1].child.list[0]', 'contains itself'],
  ['a function beside a part that stands in two places', [shared, [shared], () => 0], '$[1][2]', 'function'],
  ['a map that contains itself', loopingMap, '$[1].get("self")', 'contains itself'],
  ['an object whose prototype is a plain object', Object.create({ inherited: 1 }), '$[1]', 'Object'],
];

describe('the routes of a message', () => {
  it('deliver the same values within a thread and between threads', () => {
    const link = linkRoute();
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 5 }), (values) => {
        expectSame(copyArgs([...values]), values);
        expectSame(link(values), values);
      }),
      { numRuns: 500 },
    );
  });

  it('deliver the same values over lua-seri where Lua can hold them', () => {
    fc.assert(
      fc.property(fc.array(luaValue, { maxLength: 5 }), (values) => {
        expectEqual(luaRoute(values), values); // a table has no order
      }),
      { numRuns: 500 },
    );
  });

  it('share nothing with the sender', () => {
    const link = linkRoute();
    for (const route of [(values: unknown[]) => copyArgs(values), link]) {
      const bytes = new Uint8Array([1, 2, 3]);
      const buffer = Buffer.from('abc');
      const list = [1];
      const sent = { list, bytes, buffer, map: new Map([['list', list]]) };
      const [got] = route([sent]) as [typeof sent];
      bytes[0] = 9;
      buffer[0] = 9;
      list.push(2);
      expectSame(got, {
        list: [1],
        bytes: new Uint8Array([1, 2, 3]),
        buffer: Buffer.from('abc'),
        map: new Map([['list', [1]]]),
      });
    }
  });

  it.each(refused)('refuse %s alike', (_, value, path, type) => {
    expect(refusalOf(() => copyArgs([1, value]))).toEqual({ path, type });
    expect(refusalOf(() => linkRoute()([1, value]))).toEqual({ path, type });
    expect(refusalOf(() => packSeri([1, value]))).toEqual({ path, type });
    expect(refusalOf(() => copyValue(value))).toEqual({ path: path.replace('$[1]', '$'), type });
    expect(seriSize([1, value])).toBe(0);
  });

  it('leave symbol keys, hidden keys and extra properties of arrays behind and read getters', () => {
    const list = Object.assign([1, 2], { extra: true });
    const value = Object.defineProperty(
      {
        list,
        [Symbol('s')]: 1,
        get sum() {
          return 3;
        },
      },
      'hidden',
      { value: 1, enumerable: false },
    );
    for (const route of [copyArgs, linkRoute(), luaRoute]) {
      const [got] = route([value]) as [object];
      expectSame(got, { list: [1, 2], sum: 3 });
      expect(Reflect.ownKeys(got)).toEqual(['list', 'sum']);
      expect(Object.getOwnPropertyDescriptor(got, 'sum')?.value).toBe(3);
    }
  });

  it('keep a key __proto__ a key', () => {
    const value = JSON.parse('{"__proto__":{"admin":true},"name":"x"}') as object;
    const link = linkRoute();
    for (const route of [copyArgs, link, link, link, luaRoute]) {
      const [got] = route([value]) as [object];
      expect(Object.getPrototypeOf(got)).toBe(Object.prototype);
      expect(Object.keys(got)).toEqual(['__proto__', 'name']);
      expect((got as { admin?: boolean }).admin).toBeUndefined();
    }
  });

  it('turn holes into undefined and objects without prototype into plain ones', () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is the subject
    const value = [1, , Object.assign(Object.create(null), { a: 1 })];
    for (const route of [copyArgs, linkRoute(), luaRoute])
      expectSame(route([value]), [[1, undefined, { a: 1 }]]);
  });

  it('take what the value model calls deep, and no deeper', () => {
    const link = linkRoute();
    const deep = nested(511);
    expectSame(copyValue(deep), deep);
    expectSame(link([deep]), [deep]);
    expect(refusalOf(() => copyValue(nested(512))).type).toBe('nested too deeply');
    expect(refusalOf(() => link([nested(512)])).type).toBe('nested too deeply');
    expect(String(refusalOf(() => link([nested(512)])).path).length).toBeLessThanOrEqual(201);
  });

  it('pass on what a getter throws', () => {
    const value = {
      get x(): number {
        throw new TypeError('from the getter');
      },
    };
    for (const route of [copyArgs, linkRoute(), luaRoute])
      expect(() => route([value])).toThrow('from the getter');
  });
});
