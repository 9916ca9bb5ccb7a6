import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createContext, Script } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expressionsIn, piecesFor } from './regular-expressions.ts';
import { runs } from './runs.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Characters of a text. Nothing foreign is that long, but for files. */
const LENGTH = 100_000;
/** Milliseconds for one text: thousands of times what is needed, and nothing beside what trying again and again takes. */
const LIMIT = 1000;

/** Sources by path, those of all packages and of the demo. */
const sources = ['packages', 'apps'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^\w+[/\\](src|services|web|client)[/\\](?!.*node_modules).*\.ts$/.test(file))
    .filter((file) => !file.endsWith('.d.ts'))
    .map((file) => path.join(folder, file)),
);
const expressions = new Map(
  sources.flatMap((file) =>
    expressionsIn(readFileSync(path.join(ROOT, file), 'utf8')).map((found) => [String(found), found]),
  ),
);

const place = createContext({ expression: /x/, text: '' });
const script = new Script('expression.lastIndex = 0; expression.test(text)');

/** A text that is long: something in front, one piece very often, something behind that may not fit. */
interface Text {
  readonly front: string;
  readonly piece: string;
  readonly end: string;
}

/** Whether the expression is done with the text in time; a machine that stood still meanwhile is given another chance. */
function isQuick(expression: RegExp, text: Text): boolean {
  return isInTime(expression, text) || isInTime(expression, text);
}

function isInTime(expression: RegExp, { front, piece, end }: Text): boolean {
  place['expression'] = expression;
  place['text'] = front + piece.repeat(Math.ceil(LENGTH / piece.length)) + end;
  try {
    script.runInContext(place, { timeout: LIMIT });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  }
}

/** The texts that are tried always: each piece alone, with an end that is not of its kind. */
function plainTexts(expression: RegExp): Text[] {
  return piecesFor(expression).flatMap((piece) =>
    ['', '\u0001', 'a\n'].map((end) => ({ front: '', piece, end })),
  );
}

function textFor(expression: RegExp): fc.Arbitrary<Text> {
  const one = fc.constantFrom(...piecesFor(expression));
  const some = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
    fc.array(one, { minLength, maxLength }).map((parts) => parts.join(''));
  return fc.record({ front: some(0, 3), piece: some(1, 2), end: some(0, 3) });
}

/** A text that takes too long, if one is found. */
function slowText(expression: RegExp, numRuns: number): Text | undefined {
  const plain = plainTexts(expression).find((text) => !isQuick(expression, text));
  if (plain !== undefined) return plain;
  const result = fc.check(
    fc.property(textFor(expression), (text) => isQuick(expression, text)),
    { numRuns, endOnFailure: true },
  );
  return result.counterexample?.[0];
}

describe('regular expressions', () => {
  test('are found in the sources', () => {
    expect(sources.length).toBeGreaterThan(150);
    expect(expressions.size).toBeGreaterThan(50);
    expect(expressionsIn('const a: RegExp = /a\\/[/]b/gi; f(/x/.test(y as string));').map(String)).toEqual([
      '/a\\/[/]b/gi',
      '/x/',
    ]);
  });

  test.each([/(a+)+$/, /\s*\n\s*x/, /^(\d+\.?\d*)$/, /(?:\s|--.*)*;/y, /%.*$/])(
    '%s would be seen',
    (slow) => {
      expect(slowText(slow, 100)).toBeDefined();
    },
  );

  test.each([...expressions.values()].map((expression) => [expression]))(
    '%s takes its time for no text',
    (expression) => {
      expect(slowText(expression, runs(30))).toBeUndefined();
    },
  );
});
