import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../src/bin/skynet.ts', import.meta.url));
const MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'skynet-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function skynet(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=@skynet/source', '--import=tsx', COMMAND, ...args],
      (failure, out, error) => resolve({ code: failure === null ? 0 : Number(failure.code), out, error }),
    );
  });
}

test('--version and --help answer on standard output; what is not understood is answered with the usage', async () => {
  const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string };
  expect(await skynet('--version')).toEqual({ code: 0, out: `${version}\n`, error: '' });
  const help = await skynet('--help');
  expect(help).toEqual({ code: 0, out: expect.stringContaining('usage: skynet [config]'), error: '' });
  expect(await skynet('--unknown')).toEqual({ code: 1, out: '', error: help.out });
}, 60_000);

test('a misspelt key is shown, and the node starts with what it has', async () => {
  const config = path.join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ strat: 'echo', thread: 1, watchdog: false }));
  const { code, error } = await skynet(config);
  expect(error.split('\n')).toEqual([
    `skynet: ${config}: strat is no key of the node's, perhaps start is meant`,
    'skynet: no service main',
    expect.stringContaining('cannot open services/main'),
    '',
  ]);
  expect(code).toBe(1);
}, 60_000);
