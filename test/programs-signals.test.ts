import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './free-port.ts';

// Programs that others start through npm end with status 0 when npm alone is told to end: the shell between them has to
// give its place to the program. Terminals and `timeout` tell the whole group, and npm sends on what it was told: that the
// program hears it twice makes no difference.

test.each([
  ['SIGTERM', 'npm alone'],
  ['SIGINT', 'npm alone'],
  ['SIGTERM', 'the group'],
  ['SIGINT', 'the group'],
] as const)(
  'msgref through npm ends with status 0 on %s to %s',
  async (signal, receiver) => {
    const ports = [String(await freePort()), String(await freePort())];
    const npm = spawn('npm', ['run', '--silent', 'msgref', '--', ...ports], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    onTestFinished(() => {
      try {
        process.kill(-(npm.pid as number), 'SIGKILL');
      } catch {
        // All have ended.
      }
    });
    let out = '';
    // Read to the end: who closes it early would end the program in another way.
    await new Promise<void>((resolve) => {
      npm.stdout.on('data', (chunk) => {
        out += String(chunk);
        if (/login server listen at/.test(out)) resolve();
      });
    });
    const ended = once(npm, 'exit');
    const pid = npm.pid as number;
    process.kill(receiver === 'the group' ? -pid : pid, signal);
    expect(await ended).toEqual([0, null]);
  },
  120_000,
);
