import type { BigIntStats } from 'node:fs';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lookAt, takeAway } from '../src/left-over.ts';

test('a file that was left is taken away, another in its place is not', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-left-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'file');
  writeFileSync(file, 'dead');
  const seen = lookAt(file) as BigIntStats;
  takeAway(file, seen);
  expect(existsSync(file)).toBe(false);
  // Somebody else was quicker.
  takeAway(file, seen);
  writeFileSync(file, 'alive');
  takeAway(file, seen);
  expect(readFileSync(file, 'utf8')).toBe('alive');
  unlinkSync(file);
  expect(readdirSync(folder)).toEqual([]);
});
