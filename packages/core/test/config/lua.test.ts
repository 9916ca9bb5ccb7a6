import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLuaConfig } from '../../src/config/lua.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'skynet-lua-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, variables: Record<string, string> = {}): Record<string, unknown> {
  const file = path.join(folder, 'config');
  writeFileSync(file, text);
  return Object.fromEntries(readLuaConfig(file, variables));
}

describe('configuration files of the original', () => {
  test.each<[string, Record<string, unknown>]>([
    ['', {}],
    ['-- nothing', {}],
    ['a = 1 b = 2', { a: 1, b: 2 }],
    ['a=0x10;b=-1.5e3;c=.5', { a: 16, b: -1500, c: 0.5 }],
    ['a = true b = false c = nil', { a: true, b: false, c: undefined }],
    [`a = "x\\ty" b = 'it''`.slice(0, -1), { a: 'x\ty', b: 'it' }],
    ['a = "say \\"yes\\"" -- "no"', { a: 'say "yes"' }],
    ['a = [[\nlong\ntext]]', { a: 'long\ntext' }],
    ['--[[ a = 1\n]] b = 2', { b: 2 }],
    ['a = "x" b = a .. "y" .. 1', { a: 'x', b: 'xy1' }],
    ['a = ("x" .. ("y"))', { a: 'xy' }],
    ['a = "x" a = a .. "y"', { a: 'xy' }],
  ])('%j', (text, values) => {
    expect(read(text)).toEqual(values);
  });

  test('variables of the process, in text and bare', () => {
    const variables = { HOME: '/root', THREADS: '4', NAME: 'n' };
    expect(read('a = "$HOME/x" b = $THREADS c = $NAME', variables)).toEqual({ a: '/root/x', b: 4, c: 'n' });
  });

  test('includes, from the folder of the including file', () => {
    writeFileSync(path.join(folder, 'one'), 'include "two"\na = b .. "1"');
    writeFileSync(path.join(folder, 'two'), 'b = "two"');
    expect(read('include "one"\nc = a')).toEqual({ a: 'two1', b: 'two', c: 'two1' });
  });

  test.each<[string, string]>([
    ['a = ', 'config:1: a value is missing'],
    ['a = 1\nb', 'config:2: = is missing before the end'],
    ['a = 1\n\n= 2', 'config:3: a name is missing before ='],
    ['a = b', 'config:1: b has no value yet'],
    ['a = toString', 'config:1: toString has no value yet'],
    ['a = true .. "x"', 'config:1: cannot join true'],
    ['a = "$NOT_SET"', 'config:1: environment variable NOT_SET is not set'],
    ['a = $NOT_SET', 'config:1: environment variable NOT_SET is not set'],
    ['-- root = "./evil"\n{}', 'config:2: cannot be read: {}'],
    [`a = ${'('.repeat(101)}`, 'config:1: parentheses are nested too deeply'],
    ['a = \u001b[2J', 'config:1: cannot be read: \\x1b[2J'],
    ['a = { 1 }', 'config:1: cannot be read: { 1 }'],
    ['a = "open\n"', 'config:1: cannot be read: "open'],
    ['a = 1\nb = [[open', 'config:2: cannot be read: [[open'],
    ['a = os.getenv("X")', 'config:1: cannot be read: .getenv("X")'],
    ['--[[ open', 'config:1: cannot be read: --[[ open'],
    ['a = ("x"', 'config:1: ) is missing before the end'],
    ['include "config"', 'config:1: '],
    ['include "missing"', 'cannot be read: Error: ENOENT'],
  ])('refuses %j', (text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG', message: expect.stringContaining(message) }),
    );
  });

  test.each([
    ['dashes', '-'],
    ['comments that do not end', '--[['],
    ['text that does not end', '"\\"'],
    ['long text that does not end', '[['],
    ['digits', '1'],
    ['parentheses', '('],
    ['joins', '"a"..'],
    ['blanks', ' \n'],
    ['variables', '$a'],
  ])('takes its time for no input: %s', (_what, piece) => {
    for (const head of ['', 'a = ', 'a = "x" ']) {
      const text = `${head}${piece.repeat(100_000 / piece.length)}\n{`;
      const begin = process.cpuUsage();
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
      // Far more than it takes, far less than anything that tries pieces again and again.
      expect(process.cpuUsage(begin).user).toBeLessThan(2_000_000);
    }
  });

  test('whatever is in the file is read or refused with a code, at once', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '--',
        '[[',
        ']]',
        '"',
        "'",
        '\\',
        '\n',
        ' ',
        '=',
        '..',
        '(',
        ')',
        ';',
        '$',
        'a',
        'include',
        '0x',
        '1e',
        '-',
      ),
      fc.string({ maxLength: 4, unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const begin = process.cpuUsage();
        try {
          read(pieces.join(''));
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_CONFIG' });
        }
        expect(process.cpuUsage(begin).user).toBeLessThan(2_000_000);
      }),
      { numRuns: 2000 },
    );
  });
});
