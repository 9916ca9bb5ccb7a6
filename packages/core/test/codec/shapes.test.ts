import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyValue } from '../../src/codec/copy.ts';
import { LinkDecoder } from '../../src/codec/link-decoder.ts';
import { LinkEncoder } from '../../src/codec/link-encoder.ts';
import { Region } from '../../src/codec/region.ts';
import { ShapeCopiers } from '../../src/codec/shape-copier.ts';
import { ShapeTable } from '../../src/codec/shape-reader.ts';
import { MAX_SHAPE_KEYS } from '../../src/codec/shape-tree.ts';
import { MAX_DEPTH } from '../../src/codec/value.ts';
import { anyValue, expectSame, refusalOf } from './values.ts';

/** More objects of one shape than make it worth a function, whatever the samples do. */
const MANY = 4000;
const SIZE = 1 << 18;
const region = new Region(new SharedArrayBuffer(SIZE));

/** Keys that mean something in source text, or in another place than that of a key. */
const oddKey = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'class',
    'await',
    'let',
    'o',
    'd',
    's',
    'v0',
    'copy',
    'isPlain',
    '0',
    '1',
    '-1',
    '01',
    '4294967295',
    '1e3',
    '',
    ' ',
    '"',
    "'",
    '`',
    '\\',
    '\\"',
    '"]:0});process.exit(9);({["',
    '$' + '{process.exit(9)}',
    '*/process.exit(9)/*',
    '//',
    '\n',
    '\r',
    '\u2028',
    '\u2029',
    '\0',
    '\ud800',
    '名字',
    'é',
    '😀',
    '#private',
    'get x',
    '...x',
  ),
  fc.string({ maxLength: 10 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.nat(20).map(String),
);

const oddKeys = fc.uniqueArray(oddKey, { minLength: 1, maxLength: 12 });

/** With an own `__proto__`, if that is among the keys. */
function objectOf(keys: readonly string[], partOf: (i: number) => unknown): Record<string, unknown> {
  return Object.fromEntries(keys.map((key, i) => [key, partOf(i)]));
}

/** Copiers that know the shape of `object`. */
function learn(copiers: ShapeCopiers, object: object): void {
  for (let i = 0; i < MANY && copiers.find(object) === undefined; i++);
}

describe('functions for shapes that come often', () => {
  it('copy what the general way copies, in the same order, whatever the keys are called', () => {
    fc.assert(
      fc.property(oddKeys, fc.array(anyValue, { minLength: 12, maxLength: 12 }), (keys, values) => {
        const copiers = new ShapeCopiers(copyValue);
        learn(
          copiers,
          objectOf(keys, () => 1),
        );
        const object = objectOf(keys, (i) => values[i]);
        const copier = copiers.find(object);
        expect(copier).toBeDefined();
        const copy = copier?.(object, 1);
        expectSame(copy, object);
        expect(Object.getOwnPropertyDescriptors(copy)).toEqual(Object.getOwnPropertyDescriptors(object));
      }),
      { numRuns: 300 },
    );
  });

  it('read what was written, in the same order, whatever the keys are called', () => {
    fc.assert(
      fc.property(oddKeys, fc.array(anyValue, { minLength: 12, maxLength: 12 }), (names, values) => {
        const object = objectOf(names, (i) => values[i]);
        const keys = Object.keys(object);
        const read = new ShapeTable().readerFor(keys);
        let next = 0;
        const made = read?.({ value: () => object[keys[next++] as string] });
        expectSame(made, object);
        expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
      }),
      { numRuns: 1000 },
    );
  });

  it('take over in the middle of what is sent, within a thread and between two, and nobody sees a difference', () => {
    const encoder = new LinkEncoder();
    const decoder = new LinkDecoder();
    const send = (value: unknown): unknown =>
      decoder.decode(region, 0, encoder.encode([value], region, 0, SIZE))[0];
    fc.assert(
      fc.property(
        oddKeys,
        fc.array(fc.array(anyValue, { minLength: 12, maxLength: 12 }), { minLength: 2, maxLength: 5 }),
        (keys, rows) => {
          const objects = rows.map((values) => objectOf(keys, (i) => values[i]));
          const small = objectOf(keys, () => ({ x: 1, list: [1, 'a'] }));
          for (const object of objects) {
            expectSame(copyValue(object), object);
            expectSame(send(object), object);
          }
          for (let i = 0; i < 3000; i++) {
            copyValue(small);
            send(small);
          }
          for (const object of [...objects, small]) {
            expectSame(copyValue(object), object);
            expectSame(send(object), object);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it('refuse what the general way refuses, with the same words', () => {
    class Point {
      x = 1;
      y: unknown = 2;
    }
    const shaped = (y: unknown): object => ({ x: 1, y });
    for (let i = 0; i < 3 * MANY; i++) copyValue(shaped(i));
    expect(refusalOf(() => copyValue(new Point()))).toEqual({ path: '$', type: 'Point' });
    expect(refusalOf(() => copyValue([shaped(new Point())]))).toEqual({ path: '$[0].y', type: 'Point' });
    expect(refusalOf(() => copyValue(shaped(() => 0)))).toEqual({ path: '$.y', type: 'function' });
    expect(refusalOf(() => copyValue(shaped(Symbol('s'))))).toEqual({ path: '$.y', type: 'symbol' });
    expect(refusalOf(() => copyValue(Object.create(shaped(1))))).toEqual({ path: '$', type: 'Object' });
    expectSame(copyValue(Object.assign(new Map([[1, 2]]), shaped(1))), new Map([[1, 2]]));
    const bare = Object.assign(Object.create(null), shaped(null)) as object;
    expectSame(copyValue(bare), shaped(null));
  });

  it('expect at each key the shape that came there, and copy whatever else comes', () => {
    const odd = fc.oneof(
      anyValue,
      oddKeys.map((keys) => objectOf(keys, (i) => i)),
      fc.constantFrom<unknown>(
        { x: 1, y: 2, z: 3 },
        { y: 1, x: 2 },
        { x: 1 },
        { x: 1, y: undefined },
        new Map([['x', 1]]),
      ),
      fc.uint8Array(),
      fc.array(fc.integer()),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(odd, odd), { minLength: 1, maxLength: 20 }), (rows) => {
        const usual = { id: 1, at: { x: 1, y: { x: 2 } } };
        for (let i = 0; i < MANY; i++) copyValue(usual);
        for (const [at, inside] of rows) {
          for (const value of [{ id: 2, at }, at, { id: 3, at: { x: at, y: inside } }, usual]) {
            const copy = copyValue(value);
            expectSame(copy, value);
            if (typeof value === 'object' && value !== null) expect(copy).not.toBe(value);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('share nothing with what they copy at a key where objects of one shape come', () => {
    const usual = { id: 1, at: { x: 1, inside: { list: [1] } } };
    for (let i = 0; i < 3 * MANY; i++) copyValue(usual);
    const copy = copyValue(usual) as typeof usual;
    expect(copy).toEqual(usual);
    expect(copy.at).not.toBe(usual.at);
    expect(copy.at.inside).not.toBe(usual.at.inside);
    expect(copy.at.inside.list).not.toBe(usual.at.inside.list);
  });

  it('refuse at such a key what the general way refuses, with the same words', () => {
    class Inside {
      x = 1;
    }
    const shaped = (inside: unknown): object => ({ of: 1, inside });
    for (let i = 0; i < 3 * MANY; i++) copyValue(shaped({ x: 1 }));
    expectSame(copyValue(shaped({ x: 2 })), shaped({ x: 2 }));
    expect(refusalOf(() => copyValue(shaped(new Inside())))).toEqual({ path: '$.inside', type: 'Inside' });
    expect(refusalOf(() => copyValue(shaped({ x: () => 0 })))).toEqual({
      path: '$.inside.x',
      type: 'function',
    });
    expect(refusalOf(() => copyValue(shaped(() => 0)))).toEqual({ path: '$.inside', type: 'function' });
    let asked = 0;
    const asking = {
      of: 1,
      get inside() {
        asked++;
        return { x: asked };
      },
    };
    expectSame(copyValue(asking), { of: 1, inside: { x: 1 } });
    expect(asked).toBe(1);
    const nested = (depth: number): unknown => (depth === 0 ? { x: 1 } : shaped(nested(depth - 1)));
    for (let i = 0; i < 3 * MANY; i++) copyValue(nested(3));
    expectSame(copyValue(nested(MAX_DEPTH - 1)), nested(MAX_DEPTH - 1));
    expect(refusalOf(() => copyValue(nested(MAX_DEPTH))).type).toBe('nested too deeply');
  });

  it('are made for a bounded number of shapes, and for those of today when the shapes of yesterday are gone', () => {
    const copiers = new ShapeCopiers(copyValue);
    // Dictionaries throw the tree away again and again.
    for (let i = 0; i < 100_000; i++) copiers.find({ [`player${i}`]: i });
    const object = { late: 1, shape: 2 };
    learn(copiers, object);
    expect(copiers.find(object)?.(object, 0)).toEqual(object);
    const table = new ShapeTable();
    const made = Array.from({ length: 2000 }, (_, i) => table.readerFor([`k${i}`])).filter(
      (reader) => reader !== undefined,
    );
    expect(made.length).toBeGreaterThan(100);
    expect(made.length).toBeLessThan(1000);
  });

  it('are not made for dictionaries', () => {
    const copiers = new ShapeCopiers(copyValue);
    const wide = objectOf(
      Array.from({ length: MAX_SHAPE_KEYS + 1 }, (_, i) => `k${i}`),
      (i) => i,
    );
    const long = { ['k'.repeat(100)]: 1 };
    for (let i = 0; i < MANY; i++) {
      copiers.find(wide);
      copiers.find(long);
    }
    expect(copiers.find(wide)).toBeUndefined();
    expect(copiers.find(long)).toBeUndefined();
  });

  it('have the general way in their place where the process makes no code of text', async () => {
    const program = fileURLToPath(new URL('./without-code.ts', import.meta.url));
    const flags = [
      '--disallow-code-generation-from-strings',
      '--conditions=@skynet/source',
      '--import',
      'tsx',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program]);
    expect(stdout.trim()).toBe('EvalError; all the same');
  });
});
