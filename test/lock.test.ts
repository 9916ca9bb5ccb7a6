import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const LOCK = new URL('../scripts/lock.mjs', import.meta.url).href;

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that says `has it` when it has the lock of a folder, and then does `work`. */
function take(folder: string, work: string) {
  const program = `
    import { locked } from ${JSON.stringify(LOCK)};
    import { spawnSync } from 'node:child_process';
    import { readFileSync, writeFileSync, writeSync } from 'node:fs';
    locked('lock', (lockFile) => { writeSync(1, 'has it'); ${work} });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const FOR_EVER = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';

test('a lock has one holder at a time', async () => {
  const folder = newFolder();
  writeFileSync(path.join(folder, 'count'), '0');
  const add = `
    const count = Number(readFileSync('count', 'utf8'));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    writeFileSync('count', String(count + 1));`;
  await Promise.all(Array.from({ length: 5 }, () => once(take(folder, add), 'exit')));
  expect(readFileSync(path.join(folder, 'count'), 'utf8')).toBe('5');
  expect(readdirSync(folder)).toEqual(['count']);
});

test('one whose holder was killed is taken at once, whatever kind of thing it left', async () => {
  for (const kind of ['file', 'folder']) {
    const folder = newFolder();
    if (kind === 'folder') mkdirSync(path.join(folder, 'lock'));
    else {
      const first = take(folder, FOR_EVER);
      await once(first.stdout, 'data');
      first.kill('SIGKILL');
      await once(first, 'exit');
    }
    const second = take(folder, '');
    expect(await once(second, 'exit')).toEqual([0, null]);
    expect(readdirSync(folder)).toEqual([]);
  }
});

test.skipIf(process.platform !== 'linux')(
  'a program that the killed holder has started has the lock until it ends (on Linux, which tells)',
  async () => {
    const folder = newFolder();
    const inner = `console.log(process.pid); setInterval(() => {}, 1000)`;
    const first = take(
      folder,
      `spawnSync(process.execPath, ['-e', ${JSON.stringify(inner)}], { stdio: ['ignore', 1, 2, lockFile] });`,
    );
    let out = '';
    first.stdout.on('data', (text) => {
      out += String(text);
    });
    while (!/has it\d+\n/.test(out)) await once(first.stdout, 'data');
    first.kill('SIGKILL');
    await once(first, 'exit');
    const second = take(folder, '');
    const has = once(second.stdout, 'data').then(() => 'has it');
    const looks = new Promise((resolve) => setTimeout(resolve, 600, 'waits'));
    expect(await Promise.race([has, looks])).toBe('waits');
    process.kill(Number(/\d+/.exec(out)?.[0]), 'SIGKILL');
    expect(await has).toBe('has it');
  },
);
