import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNode } from '../../src/index.ts';
import { until } from '../../src/testing/index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'skynet-log-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const STAMP = /^\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d\d /;
const start = () => startNode({ harbor: 1, logger: 'node.log', watchdog: false }, { base: folder });

test('a log file has time, address and text, is added to, and is opened anew when told', async () => {
  const node = await start();
  await node.run((skynet) => {
    skynet.error('joined', undefined, true, 1, { x: [1] });
    skynet.error();
    skynet.error('two\nlines');
  });
  await until(() => existsSync(path.join(folder, 'node.log')) && read('node.log').includes('lines'));
  renameSync(path.join(folder, 'node.log'), path.join(folder, 'old.log'));
  node.reopenLog();
  await node.run((skynet) => skynet.error('after the move'));
  await node.stop();
  const old = read('old.log').split('\n');
  expect(old[0]).toMatch(STAMP);
  expect(old.filter((line) => STAMP.test(line)).map((line) => line.replace(STAMP, ''))).toEqual(
    expect.arrayContaining([
      '[:01000001] LAUNCH logger ',
      '[:01000006] joined nil true 1 { x: [ 1 ] }',
      '[:01000006] nil',
      '[:01000006] two',
    ]),
  );
  expect(old[old.findIndex((line) => line.endsWith('two')) + 1]).toBe('lines');
  expect(read('old.log')).not.toContain('after the move');
  expect(read('node.log')).toContain('after the move');
  const before = read('node.log');
  await (await start()).stop();
  expect(read('node.log').startsWith(before)).toBe(true);
  expect(read('node.log').length).toBeGreaterThan(before.length);
});

test('no text can forge a log line or command a terminal, and the lines of a stack stay lines', async () => {
  const node = await start();
  await node.run((skynet) => {
    skynet.error(
      'name\n[:01000001] KILL :01000003\n25/11/26 08:29:05.07 [:00000000] admin logged in\r\n[:0] short',
    );
    skynet.error('\u001b[2J\u001b[31mred\u0007\b\u009bm \rover');
    skynet.error(new Error('one\n\ttwo'));
  });
  await node.stop();
  const log = read('node.log');
  const lines = log.split('\n').map((line) => line.replace(STAMP, ''));
  expect(lines.slice(lines.findIndex((line) => line.endsWith(' name')))).toEqual(
    expect.arrayContaining([
      '[:01000006] name',
      '\t[:01000001] KILL :01000003',
      '\t25/11/26 08:29:05.07 [:00000000] admin logged in\r',
      '[:0] short',
      '[:01000006] \\x1b[2J\\x1b[31mred\\x07\\x08\\u009bm \\rover',
      '[:01000006] Error: one',
      '\ttwo',
    ]),
  );
  expect(lines.some((line) => /^ {4}at .*sink\.test/.test(line))).toBe(true);
  for (const line of log.split('\n')) if (line.includes(' KILL :01000003')) expect(line).not.toMatch(STAMP);
});

test('a log file that cannot be written keeps a node from starting', async () => {
  const starting = startNode({ logger: 'no/such/folder.log', watchdog: false }, { base: folder });
  await expect(starting).rejects.toMatchObject({
    code: 'ERR_CONFIG',
    message: expect.stringContaining('logger: cannot be written: ENOENT'),
  });
});

test('one that cannot be opened anew costs its lines, never the node', async () => {
  const node = await start();
  await node.run((skynet) => skynet.error('kept'));
  rmSync(folder, { recursive: true, force: true });
  node.reopenLog();
  expect(await node.run((skynet) => skynet.error('lost'))).toBeUndefined();
  await node.stop();
});
