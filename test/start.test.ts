import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/** Words that only shells of Unix know. */
const UNIX_ONLY = /^(exec|export|source|test|env|nohup|trap)\b|[;`]|\$|[<>]|\|(?!\|)|(?<!&)&(?!&)/;

test('scripts run with the shell of any system', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  // Servers that others run against end with status 0 on a signal to npm, which takes a shell that gives its place.
  const others = Object.entries(scripts).filter(
    ([name]) => !['gateecho', 'gateagent', 'msgref', 'httpref', 'noderef', 'clusterref'].includes(name),
  );
  expect(others.filter(([, script]) => UNIX_ONLY.test(script))).toEqual([]);
  expect(scripts.start).toBe('node scripts/start.mjs');
});

/** A folder with a node whose exit hook takes a moment. */
function project(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-npm-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'services'));
  const core = JSON.stringify(new URL('../packages/core/dist/index.js', import.meta.url).href);
  writeFileSync(
    path.join(folder, 'services/main.mjs'),
    `import { defineService } from ${core};
    export default defineService((skynet) => {
      skynet.onExit(async () => { await skynet.sleep('50ms'); skynet.error('hook has run'); });
      skynet.error('ready');
    });`,
  );
  writeFileSync(path.join(folder, 'skynet.config.json'), '{ "watchdog": false }');
  return folder;
}

/** A shell that stays between npm and the program, or none of the kind. */
function shellOf(folder: string, givesItsPlace: boolean): string {
  const file = path.join(folder, 'shell');
  writeFileSync(file, `#!/bin/sh\n${givesItsPlace ? 'eval "exec $2"' : 'eval "$2"\nexit $?'}\n`);
  chmodSync(file, 0o755);
  return file;
}

test.skipIf(process.platform === 'win32').each([
  ['SIGTERM', 'sh', 'npm'],
  ['SIGTERM', 'a shell that stays between', 'npm'],
  // Ctrl-C: npm sends it on, so that the node gets it twice where there is no shell between.
  ['SIGINT', 'sh', 'everybody'],
  ['SIGINT', 'a shell that gives its place', 'everybody'],
] as const)(
  '%s during `npm start` (%s) stops the node when %s gets it; exit hooks run',
  async (signal, shell, whom) => {
    const folder = project();
    const npm = spawn('npm', ['start', '--', path.join(folder, 'skynet.config.json')], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...(shell === 'sh' ? {} : { npm_config_script_shell: shellOf(folder, shell.endsWith('place')) }),
      },
      // A group of its own, as terminals give it.
      detached: true,
    });
    onTestFinished(() => void npm.kill('SIGKILL'));
    let out = '';
    const wrote = (pattern: RegExp): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!pattern.test(out)) return;
          npm.stdout.off('data', look);
          resolve();
        };
        npm.stdout.on('data', look);
        look();
      });
    npm.stdout.on('data', (text) => {
      out += String(text);
    });
    npm.stderr.on('data', (text) => {
      out += String(text);
    });
    await wrote(/ready/);
    process.kill(whom === 'npm' ? (npm.pid as number) : -(npm.pid as number), signal);
    // The pipe closes when the last process that has it ends: npm, the shell and the node.
    await new Promise((resolve) => npm.on('close', resolve));
    expect(out).toMatch(/hook has run/);
  },
  120_000,
);
