import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../src/testing/index.ts';

const COMMAND = fileURLToPath(new URL('../../src/bin/skynet.ts', import.meta.url));
const SERVICES = fileURLToPath(new URL('../fixtures/services', import.meta.url));

interface Outcome {
  code: number;
  out: string;
}

function skynet(config: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--conditions=@skynet/source', '--import=tsx', COMMAND, config],
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), out: stdout + stderr }),
    );
  });
}

let folder = '';
let pidFile = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'skynet-daemon-'));
  pidFile = path.join(folder, 'node.pid');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function config(values: Record<string, unknown>): string {
  const file = path.join(folder, 'config.json');
  const text = {
    start: 'echo',
    services: [`${SERVICES}/?`],
    logger: 'node.log',
    daemon: 'node.pid',
    ...values,
  };
  writeFileSync(file, JSON.stringify(text));
  return file;
}

/** Waits until a process has ended that is no child of this one. */
function gone(pid: number): Promise<void> {
  const isGone = (): boolean => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  };
  return until(isGone, { what: `process ${pid} is gone` });
}

test('a node runs in the background until it is told to stop; a second one is refused', async () => {
  // A pid file that a dead process left is no hindrance.
  const dead = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => dead.once('exit', resolve));
  writeFileSync(pidFile, `${dead.pid}\n`);
  const first = await skynet(config({}));
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    expect(first).toEqual({ code: 0, out: `skynet: runs as process ${pid}\n` });
    expect(await skynet(config({}))).toEqual({
      code: 1,
      out: `skynet: daemon: process ${pid} of ${pidFile} is running (ERR_CONFIG)\n`,
    });
    expect(Number(readFileSync(pidFile, 'utf8'))).toBe(pid);
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  await gone(pid);
  expect(existsSync(pidFile)).toBe(false);
  expect(readFileSync(path.join(folder, 'node.log'), 'utf8')).toContain('LAUNCH snlua echo');
});

test.each<[Record<string, unknown>, string]>([
  [{ start: 'throws-in-start' }, 'cannot start today'],
  [{ daemon: 'no/such/folder.pid' }, 'ENOENT'],
  [{ logger: undefined }, 'daemon needs logger'],
])(
  'a node with %j says why it does not start, and leaves no pid file',
  async (values, reason) => {
    const { code, out } = await skynet(config(values));
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining(reason) });
    expect(existsSync(pidFile)).toBe(false);
  },
  120_000,
);

test('a pid file whose number is another program’s by now does not keep a node from starting', async () => {
  writeFileSync(pidFile, `${process.pid}\n`);
  const started = await skynet(config({}));
  expect(started).toMatchObject({ code: 0, out: expect.stringMatching(/runs as process \d+/) });
  const pid = Number(readFileSync(pidFile, 'utf8'));
  expect(pid).not.toBe(process.pid);
  process.kill(pid);
  await gone(pid);
});
