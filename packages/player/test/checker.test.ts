import {
  anything,
  bytes,
  type Checker,
  either,
  flag,
  list,
  number,
  oneOf,
  optional,
  shape,
  table,
  text,
  whole,
} from '@skynet/player';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../test/runs.ts';
import { placeOf } from '../src/schema.ts';

/** Why a value is refused: where, and what is said; undefined if it is not. */
function refusal(checker: Checker<unknown>, value: unknown): string | undefined {
  const result = checker['~standard'].validate(value);
  if (result instanceof Promise) throw new Error('no checker is asynchronous');
  const [issue] = result.issues ?? [];
  return issue === undefined ? undefined : `${placeOf(issue)}: ${issue.message}`;
}

const player = shape({
  name: text({ min: 1, max: 8 }),
  age: optional(whole({ min: 0 })),
  tags: list(oneOf('a', 'b'), { max: 2 }),
  places: table(shape({ x: number(), y: number() })),
});

describe('checkers', () => {
  test.each([
    [text({ min: 1, max: 3 }), 'abc'],
    [text(), ''],
    [bytes({ max: 2 }), Uint8Array.of(1, 2)],
    [number(), -0.5],
    [whole({ min: -1, max: 1 }), -1],
    [flag(), false],
    [oneOf('a', 1, null), null],
    [list(text()), ['a', 'b']],
    [table(flag()), { a: true }],
    [either(text(), whole()), 5],
    [anything(), undefined],
    [player, { name: 'anna', tags: ['a'], places: { home: { x: 1, y: 2 } } }],
    [player, { name: 'anna', age: 5, tags: [], places: {} }],
  ] as readonly [Checker<unknown>, unknown][])('%#: lets through what fits, as it is', (checker, value) => {
    expect(checker.check(value)).toEqual(value);
    expect(checker['~standard'].validate(value)).toEqual({ value });
  });

  test.each([
    [text({ min: 1, max: 3 }), '', ': must be text of 1 to 3 characters, not of 0'],
    [text({ max: 3 }), 'abcd', ': must be text up to 3 characters, not of 4'],
    [text(), 5, ': must be text, not a number'],
    [text(), undefined, ': must be text, not nothing'],
    [bytes(), 'text', ': must be bytes, not text'],
    [number(), Number.NaN, ': must be a number, not NaN'],
    [number(), Number.POSITIVE_INFINITY, ': must be a number, not Infinity'],
    [number(), 5n, ': must be a number, not a bigint'],
    [number({ max: 1 }), 2, ': must be a number up to 1, not 2'],
    [whole(), 0.5, ': must be a whole number, not 0.5'],
    [whole({ min: 0, max: 9 }), -1, ': must be a whole number from 0 to 9, not -1'],
    [whole(), 2 ** 53, ': must be a whole number, not 9007199254740992'],
    [flag(), 1, ': must be true or false, not a number'],
    [oneOf('a', 'b'), 'c', ': must be one of "a", "b"'],
    [list(text(), { max: 1 }), ['a', 'b'], ': must be a list up to 1 entries, not of 2'],
    [list(text()), 'ab', ': must be a list, not text'],
    [list(list(whole())), [[1], [2, 'x']], '[1][1]: must be a whole number, not text'],
    [
      table(flag(), { max: 1 }),
      { a: true, b: true },
      ': must be a table up to 1 keys, each true or false, not of 2',
    ],
    [table(flag()), { a: 1 }, 'a: must be true or false, not a number'],
    [table(flag()), new Map(), ': must be a table, each true or false, not a Map'],
    [either(text(), whole()), true, ': must be text, or a whole number'],
    [player, null, ': must be an object, not null'],
    [player, [], ': must be an object, not a list'],
    [player, { tags: [], places: {} }, 'name: must be text of 1 to 8 characters, not nothing'],
    [player, { name: 'x', tags: ['c'], places: {} }, 'tags[0]: must be one of "a", "b"'],
    [
      player,
      { name: 'x', tags: [], places: { home: { x: 1 } } },
      'places.home.y: must be a number, not nothing',
    ],
    [
      player,
      { name: 'x', tags: [], places: {}, admin: true },
      'admin: is no part; there are: name, age, tags, places',
    ],
    [shape({}), { a: 1 }, 'a: must have no parts'],
  ] as readonly [Checker<unknown>, unknown, string][])('%#: say where and why', (checker, value, why) => {
    expect(refusal(checker, value)).toBe(why);
  });

  test('what is inherited is no part', () => {
    expect(refusal(shape({ toString: text() }), {})).toBe('toString: must be text, not nothing');
  });

  test('whatever comes is let through or refused, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const result = player['~standard'].validate(value);
        return result instanceof Promise ? false : (result.issues?.length ?? 1) === 1;
      }),
      { numRuns: runs(200) },
    );
  });

  test('parts that are no checkers are refused where they are written', () => {
    expect(() => list('text' as never)).toThrow(/are checkers of/);
    expect(() => shape({ a: {} as never })).toThrow(/are checkers of/);
    expect(() => optional(undefined as never)).toThrow(/are checkers of/);
  });

  test('they say what they want', () => {
    expect(player.describe).toBe(
      '{ name: text of 1 to 8 characters; age?: a whole number from 0 on; tags: a list up to 2 entries, each one of "a", "b"; places: a table, each { x: a number; y: a number } }',
    );
  });
});
