// Where the demo and its programs listen.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { startNode } from '@skynet/core';
import { ws } from '@skynet/core/ws';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../../../test/free-port.ts';

const DEMO = path.resolve(import.meta.dirname, '..');

/** Whether somebody listens there. What listens everywhere is reached by 127.0.0.2 too. */
function reaches(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNREFUSED' ? resolve(false) : reject(error),
    );
  });
}

test.each([
  ['on this machine only', {}, false, false],
  ['everywhere when told to, and says what that means', { host: '0.0.0.0' }, true, true],
  ['everywhere, with another password', { host: '0.0.0.0', password: 'Zq8' }, true, false],
])('the demo listens %s', async (_how, config, everywhere, warned) => {
  const [gatePort = 0, debugPort = 0, loginPort = 0, msgPort = 0, wsPort = 0, webPort = 0] =
    await freePorts(6);
  const ports = { gatePort, debugPort, loginPort, msgPort, wsPort, webPort };
  const log: string[] = [];
  const node = await startNode(
    { harbor: 1, watchdog: false, services: ['./services/?'], transports: [ws()], ...ports, ...config },
    { base: DEMO, onLog: (_, text) => log.push(text) },
  );
  onTestFinished(() => node.stop());
  await node.newService('main').catch((error) => expect(error).toMatchObject({ code: 'ERR_SERVICE_EXITED' }));
  for (const port of Object.values(ports)) expect(await reaches('127.0.0.1', port)).toBe(true);
  for (const port of [gatePort, loginPort, msgPort, wsPort, webPort])
    expect(await reaches('127.0.0.2', port)).toBe(everywhere);
  expect(await reaches('127.0.0.2', debugPort)).toBe(false);
  expect(log.some((text) => text.includes('the password is "password"'))).toBe(warned);
  const page = await (await fetch(`http://127.0.0.1:${webPort}/config.json`)).json();
  expect(page).toEqual('password' in config ? { wsPort } : { wsPort, password: 'password' });
});

/** Runs a program of the workspace until it has printed lines that match; what was found. */
async function printed(
  file: string,
  args: string[],
  env: Readonly<Record<string, string>>,
  patterns: readonly RegExp[],
): Promise<string[]> {
  const program = path.resolve(DEMO, file);
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions', '@skynet/source', '--import', 'tsx', program, ...args],
    { cwd: DEMO, env: { ...process.env, NODE_OPTIONS: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
  });
  const found: (string | undefined)[] = patterns.map(() => undefined);
  await new Promise<void>((resolve, reject) => {
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null)
        createInterface({ input: stream }).on('line', (line) => {
          lines.push(line);
          patterns.forEach((pattern, at) => {
            found[at] ??= pattern.exec(line)?.[1];
          });
          if (!found.includes(undefined)) resolve();
        });
    }
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}: ${lines.join('\n')}`)));
  });
  return found as string[];
}

const GATE = /Listen on (.+):\d+/;
const LOGIN = /login server listen at : (\S+) \d+/;
const WARNING = /anybody who reaches (\S+) can log in/;

test.each([
  ['msgref/msgref.ts', ['0', '0'], {}, [LOGIN, GATE], ['127.0.0.1', '127.0.0.1']],
  [
    'msgref/msgref.ts',
    ['0', '0'],
    { SKYNET_HOST: '0.0.0.0' },
    [LOGIN, GATE, WARNING],
    ['0.0.0.0', '0.0.0.0', '0.0.0.0'],
  ],
  ['../../packages/gateserver/bench/gateecho.ts', ['0'], {}, [GATE], ['127.0.0.1']],
  ['../../packages/gateserver/bench/gateecho.ts', ['0'], { SKYNET_HOST: '0.0.0.0' }, [GATE], ['0.0.0.0']],
  ['../../packages/gateserver/bench/gateagent.ts', ['0'], {}, [GATE], ['127.0.0.1']],
])('%s %j listens as %j says', async (file, args, env, patterns, hosts) => {
  expect(await printed(file, args, { SKYNET_HOST: '', ...env }, patterns)).toEqual(hosts);
});
