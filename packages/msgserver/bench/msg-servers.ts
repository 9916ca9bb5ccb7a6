import { spawn } from 'node:child_process';
import path from 'node:path';
import { defineService, startNode } from '@skynet/core';
import { startGateserver } from '@skynet/gateserver';
import type { BenchCase, Measure } from '../../core/bench/case.ts';
import { echo } from '../../core/bench/echo.ts';
import { gateEcho } from '../../gateserver/bench/gate-servers.ts';
import { startMsgServer } from '../src/index.ts';

const LOAD = path.join(import.meta.dirname, 'msg-load.ts');

/** A message server with an agent for each user, as in book §15.5. */
const msgServer = defineService((skynet) => {
  const server = startMsgServer(skynet, startGateserver, {
    async loginHandler(uid, secret) {
      const username = server.username(uid, 1, 'sample');
      const agent = await skynet.newService('agent');
      server.login(username, secret);
      server.forward(username, agent);
      return 1;
    },
    logoutHandler() {},
    kickHandler() {},
    requestHandler() {},
    registerHandler: () => Number(/\d+$/.exec(server.address ?? '')?.[0]),
  });
});

/** Runs the load in a process of its own; answers a second, and this process' time for each in microseconds. */
function load(words: readonly string[]): Promise<readonly number[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', LOAD, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let before = process.cpuUsage();
  let spent = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const { user, system } = process.cpuUsage(before);
    if (output.endsWith('measuring\n')) before = process.cpuUsage();
    else spent = user + system;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const line = output.trim().split('\n').at(-1) ?? '';
      if (code !== 0 || !line.startsWith('{')) {
        reject(new Error(`the load ended with ${code}`));
        return;
      }
      const { answers, rate } = JSON.parse(line) as { answers: number; rate: number };
      resolve([rate, spent / answers]);
    });
  });
}

/** Requests of so many users, so many on their way of each, through gate, message server and agent. */
function requests(users: number, inflight: number): Measure {
  return async (effort) => {
    const count = effort.count(users);
    const node = await startNode(
      { harbor: 1, services: ['./services/?'] },
      { base: import.meta.dirname, onLog: () => {} },
    );
    const handle = await node.newService(msgServer);
    const port = await node.run(async (skynet) => {
      for (let i = 0; i < count; i++) await skynet.call(handle, 'lua', 'login', `u${i}`, '12345678');
      return await skynet.call<number>(handle, 'lua', 'open', {
        host: '127.0.0.1',
        port: 0,
        maxclient: 100_000,
        maxPerAddress: 0,
        servername: 'sample',
      });
    });
    const seconds = effort.tiny ? '0.1' : '2';
    const figures = await load([
      '--port',
      `${port}`,
      '--users',
      `${count}`,
      '--inflight',
      `${inflight}`,
      '--seconds',
      seconds,
    ]);
    await node.stop();
    return figures;
  };
}

/** A case beside the gate's echo of the same connections. */
export function msgCase(name: string, users: number, inflight: number): BenchCase {
  return {
    lines: [
      { name, unit: 'requests/s' },
      { name: `${name}-cpu`, unit: 'us/request' },
    ],
    floors: { 'gate echo': echo(users, inflight, gateEcho) },
    run: requests(users, inflight),
  };
}
