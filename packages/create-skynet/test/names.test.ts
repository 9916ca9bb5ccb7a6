import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { CreateError } from '../src/errors.ts';
import { managerOf } from '../src/install.ts';
import { tooOld } from '../src/node-version.ts';
import { readPlace } from '../src/project-name.ts';

const posix = { path: path.posix, folder: '/home/anna' };
const windows = { path: path.win32 as typeof path.posix, folder: 'C:\\Users\\Anna' };

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof CreateError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no error';
};

describe('the place of a project', () => {
  test.each([
    ['my-game', '/home/anna/my-game', 'my-game'],
    ['My Game!', '/home/anna/My Game!', 'my-game'],
    ['games/Zwölf', '/home/anna/games/Zwölf', 'zwolf'],
    ['../x', '/home/x', 'x'],
    ['.', '/home/anna', 'anna'],
    ['/srv/a.b_c/', '/srv/a.b_c', 'a.b_c'],
    ['@acme/game', '/home/anna/@acme/game', 'game'],
  ])('%j', (typed, folder, name) => {
    expect(readPlace(typed, posix)).toEqual({ folder, name });
  });

  test.each([
    ['my-game', 'C:\\Users\\Anna\\my-game', 'my-game'],
    ['games\\My Game', 'C:\\Users\\Anna\\games\\My Game', 'my-game'],
    ['games/mine', 'C:\\Users\\Anna\\games\\mine', 'mine'],
    ['D:\\work\\x', 'D:\\work\\x', 'x'],
    ['\\\\server\\share\\x', '\\\\server\\share\\x', 'x'],
  ])('%j on Windows', (typed, folder, name) => {
    expect(readPlace(typed, windows)).toEqual({ folder, name });
  });

  test.each([
    ['', 'empty'],
    ['  ', 'empty'],
    ['/', 'top of the disk'],
    ['C:\\games\\x', 'separated by /'],
    ['a:b', 'cannot be in it'],
    ['what?', 'cannot be in it'],
    ['a\nb', 'cannot be in it'],
    ['con', 'device'],
    ['NUL.txt', 'device'],
    ['game.', 'ends with a dot'],
    ['---', 'letter or a digit'],
    ['游戏', 'letter or a digit'],
    ['node_modules', 'npm keeps it'],
    ['x'.repeat(215), 'longer than'],
    ['tsx', 'needs a package'],
  ])('%j is refused: %s', (typed, why) => {
    expect(codeOf(() => readPlace(typed, posix, ['tsx']))).toMatch(
      new RegExp(`^ERR_CREATE_NAME .*${why}`, 's'),
    );
  });

  test.each(['D:\\', 'aux', 'a|b', 'game '])('%j is refused on Windows', (typed) => {
    expect(codeOf(() => readPlace(typed, windows))).toMatch(/^ERR_CREATE_NAME/);
  });

  test('whatever is typed gives a name that npm takes, or a coded error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.constantFrom(posix, windows), (typed, system) => {
        let name: string;
        try {
          ({ name } = readPlace(typed, system));
        } catch (error) {
          expect(error).toBeInstanceOf(CreateError);
          return;
        }
        expect(name).toMatch(/^[a-z\d][a-z\d._-]{0,213}$/);
      }),
    );
  });
});

describe('the words of the command', () => {
  const create = { what: 'create', folder: 'my-game', template: 'game', install: true };

  test.each([
    [[], create],
    [['x'], { ...create, folder: 'x' }],
    [['x', 'gate'], { ...create, folder: 'x', template: 'gate' }],
    [['--template', 'gate', 'x'], { ...create, folder: 'x', template: 'gate' }],
    [['x', '--template=gate', '--no-install'], { ...create, folder: 'x', template: 'gate', install: false }],
    [['-t', 'gate'], { ...create, template: 'gate' }],
    [['x', '--help'], { what: 'help' }],
    [['-v'], { what: 'version' }],
  ])('%j', (words, asked) => {
    expect(readArguments(words)).toEqual(asked);
  });

  test.each([
    [['--foo']],
    [['-x']],
    [['a', 'b', 'c']],
    [['a', 'b', '--template', 'c']],
    [['--template']],
    [['--template=']],
  ])('%j is refused', (words) => {
    expect(codeOf(() => readArguments(words))).toMatch(/^ERR_CREATE_OPTION/);
  });
});

test.each([
  ['20.19.0', undefined],
  ['22.0.0', undefined],
  ['24.1.0', undefined],
  ['20.18.3', /20\.18\.3.*ERR_CREATE_NODE/],
  ['18.20.0', /18\.20\.0/],
  ['4.9.1', /4\.9\.1/],
])('Node.js %s', (version, objection) => {
  if (objection === undefined) expect(tooOld(version)).toBeUndefined();
  else expect(tooOld(version)).toMatch(objection);
});

test.each([
  ['npm/10.8.2 node/v22.23.3 linux x64 workspaces/false', 'npm'],
  ['pnpm/10.34.9 npm/? node/v20.20.2 linux x64', 'pnpm'],
  ['yarn/4.5.0 npm/? node/v22', 'yarn'],
  ['bun/1.2.0', 'bun'],
  ['constructor/1', 'npm'],
  [undefined, 'npm'],
])('%s is %s', (agent, manager) => {
  expect(managerOf(agent)).toBe(manager);
});
