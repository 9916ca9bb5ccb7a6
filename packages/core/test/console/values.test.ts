import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readValues, showResult } from '../../src/console/values.ts';

describe('values typed at the console', () => {
  test.each<[string, unknown[]]>([
    ['', []],
    [' 1 ,2', [1, 2]],
    ['-1.5e3, 0x10, .5, 5., -0x10', [-1500, 16, 0.5, 5, -16]],
    ['"GET", \'a "b"\', "x\\n\\"y\\""', ['GET', 'a "b"', 'x\n"y"']],
    ['true, false, nil, null', [true, false, null, null]],
    ['{1, {2}}, [1, [2]], {}', [[1, [2]], [1, [2]], {}]],
    ['{hp = 3, ["x y"] = {1}; [4] = "d"}', [{ hp: 3, 'x y': [1], 4: 'd' }]],
    ['{"hp": 3, "list": [1, 2,]}', [{ hp: 3, list: [1, 2] }]],
    ['{"hp", "mp"}', [['hp', 'mp']]],
    ['{[1, 2], {3}}', [[[1, 2], [3]]]],
    ['{["a"], ["b", 1]}', [[['a'], ['b', 1]]]],
    ["{[-0x10] = 1, ['k'] = {2}}", [{ '-16': 1, k: [2] }]],
    ['{__proto__ = 1}', [Object.fromEntries([['__proto__', 1]])]],
  ])('%s', (text, values) => {
    expect(readValues(text)).toEqual(values);
  });

  test.each([
    ',',
    '1,',
    '1 2',
    '"open',
    '{1',
    '[1',
    '{1, a = 2}',
    '[1}',
    'os.exit()',
    'undefined',
    '1x',
    'toString',
    '{a = }',
    '['.repeat(1000),
  ])('refuses %s', (text) => {
    expect(() => readValues(text)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT', message: 'Invalid arguments' }),
    );
  });

  test.each([
    ['tables inside lists', '{[', 32],
    ['digits', '1', 8000],
    ['digits behind a point', '1.1', 4000],
    ['text that does not end', '"\\"', 4000],
    ['names', 'a', 8000],
    ['keys', '{["a"]={', 16],
  ])('takes its time for no input: %s', (_what, piece, times) => {
    for (const end of ['x', '!']) {
      const begin = process.cpuUsage();
      expect(() => readValues(piece.repeat(times) + end)).toThrow('Invalid arguments');
      // Far more than it takes, far less than anything that tries pieces again and again.
      expect(process.cpuUsage(begin).user).toBeLessThan(1_000_000);
    }
  });

  test('takes whatever JSON can say', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 4 })), (values) => {
        const text = values.map((value) => JSON.stringify(value)).join(',');
        expect(readValues(text)).toEqual(JSON.parse(`[${text}]`));
      }),
    );
  });

  test('ends with a value or an error for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[],=:"\'\\1a -.') }), (text) => {
        try {
          readValues(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_ARGUMENT' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('results of commands', () => {
  test.each<[unknown, string[]]>([
    [undefined, []],
    [null, []],
    ['two\nlines', ['two\nlines']],
    [false, ['false']],
    [0, ['0']],
    [{ b: 1, a: 'x', c: null }, ['a\tx', 'b\t1', 'c\tnil']],
    [
      ['x', 'y'],
      ['1\tx', '2\ty'],
    ],
    [{ a: { z: 1, y: 'text' } }, ['a\ty:text\tz:1']],
    [{ 10: 'j', 9: 'i', n: 2 }, ['9\ti', '10\tj', 'n\t2']],
    [
      new Map<unknown, unknown>([
        [2, 'b'],
        [1, new Map([['k', 'v']])],
      ]),
      ['1\tk:v', '2\tb'],
    ],
    [{}, []],
  ])('%j', (result, lines) => {
    expect(showResult(result)).toEqual(lines);
  });
});
