import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readArguments } from '../../src/bin/arguments.ts';

function folderOf(...files: string[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-arguments-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of files) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), '');
  }
  return folder;
}

test('what the command is asked for', () => {
  const folder = folderOf('skynet.config.ts', 'skynet.config.json', 'game/skynet.config.mjs', 'config');
  const read = (...words: string[]) => readArguments(words, folder);
  expect(read('--help')).toEqual({ what: 'help' });
  expect(read('-v')).toEqual({ what: 'version' });
  expect(read()).toEqual({ what: 'start', file: 'skynet.config.ts', watch: false });
  expect(read('config')).toEqual({ what: 'start', file: 'config', watch: false });
  expect(read('game')).toEqual({ what: 'start', file: path.join('game', 'skynet.config.mjs'), watch: false });
  expect(read('--watch')).toEqual({ what: 'start', file: 'skynet.config.ts', watch: true });
  expect(read('dev', 'config')).toEqual({ what: 'start', file: 'config', watch: true });
  // Loading it says what is wrong.
  expect(read('missing.ts')).toEqual({ what: 'start', file: 'missing.ts', watch: false });
});

test('what it does not understand is answered with a reason', () => {
  const folder = folderOf('empty/file');
  const reason = (...words: string[]) => (readArguments(words, folder) as { reason: string }).reason;
  expect(reason('--foo')).toBe('no option "--foo"');
  expect(reason('a.ts', '--foo')).toBe('no option "--foo"');
  expect(reason('a.ts', 'b.ts')).toBe('one configuration is taken, not 2 arguments');
  expect(reason()).toBe('no skynet.config.ts in this folder');
  expect(reason('empty')).toBe('no skynet.config.ts in empty');
});
