import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('--version and --help answer on standard output; what is not understood with the reason and the usage', async () => {
  const { version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string };
  expect(await skynet('--version')).toEqual({ code: 0, out: `${version}\n`, error: '' });
  const help = await skynet('--help');
  expect(help).toEqual({
    code: 0,
    out: expect.stringContaining('usage: skynet [--watch] [config]'),
    error: '',
  });
  const refused = (reason: string) => ({ code: 1, out: '', error: `skynet: ${reason}\n${help.out}` });
  expect(await skynet('--unknown')).toEqual(refused('no option "--unknown"'));
  expect(await skynet('a.json', 'b.json')).toEqual(refused('one configuration is taken, not 2 arguments'));
  expect(await skynet()).toEqual(refused('no skynet.config.ts in this folder'));
});

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
});

test('what a callback of the host throws is logged, and ends nothing', async () => {
  mkdirSync(path.join(folder, 'services'));
  const core = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href);
  writeFileSync(
    path.join(folder, 'services/main.mts'),
    `import { defineService } from ${core};
    export default defineService((skynet) => {
      // Behind the end of the start; during it, see starting.test.ts.
      skynet.timeout(1, () => {
        setTimeout(() => { throw new Error('of the host'); }, 1);
        process.on('uncaughtException', () => setImmediate(() => skynet.abort()));
      });
    });`,
  );
  const config = path.join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ logger: 'node.log', watchdog: false }));
  expect(await skynet(config)).toEqual({ code: 0, out: '', error: '' });
  const log = readFileSync(path.join(folder, 'node.log'), 'utf8');
  expect(log).toMatch(/\[:00000000\] uncaught: Error: of the host\n {4}at /);
});

test('who no longer reads the log ends nothing; the node still stops when told to', async () => {
  mkdirSync(path.join(folder, 'services'));
  const core = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href);
  writeFileSync(
    path.join(folder, 'services/main.mts'),
    `import { defineService } from ${core};
    export default defineService((skynet) => {
      process.on('message', (text) => {
        skynet.error(text);
        setImmediate(() => setImmediate(() => process.send('alive')));
      });
      process.send('started');
    });`,
  );
  const config = path.join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ watchdog: false }));
  const child = spawn(process.execPath, ['--conditions=@skynet/source', '--import=tsx', COMMAND, config], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const next = (): Promise<unknown> => once(child, 'message').then(([text]) => text);
  try {
    expect(await next()).toBe('started');
    child.stdout?.destroy();
    child.stderr?.destroy();
    for (let i = 0; i < 3; i++) {
      const answer = next();
      child.send(`line ${i}`);
      expect(await answer).toBe('alive');
    }
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});
