import { spawn } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { startNode } from '@skynet/core';
import type { Measure } from '../../core/bench/case.ts';
import { ClassicHandshake, createChallenge } from '../src/handshake.ts';
import { okStatus } from '../src/status.ts';

const LOAD = path.join(import.meta.dirname, 'login-load.ts');

/** Runs the load in a process of its own; logins a second, and this process' time for each in microseconds. */
function load(port: number, clients: number, seconds: number): Promise<readonly number[]> {
  const words = ['--port', String(port), '--clients', String(clients), '--seconds', String(seconds)];
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

/** Logins by so many clients at once, at a login server with eight slaves over so many threads. */
export function logins(clients: number, thread: number): Measure {
  return async (effort) => {
    const node = await startNode(
      { harbor: 1, thread, services: ['./services/?'] },
      { base: import.meta.dirname, onLog: () => {} },
    );
    const handle = await node.newService('login');
    const port = await node.run((skynet) => skynet.call<number>(handle, 'lua', 'port'));
    const figures = await load(port, effort.count(clients), effort.tiny ? 0.2 : 2);
    await node.stop();
    return figures;
  };
}

/** The same conversation and arithmetic by hand on plain node:net, in one thread. */
export function netLogins(clients: number): Measure {
  return async (effort) => {
    let last = 0;
    const server = createServer((socket: Socket) => {
      const challenge = createChallenge();
      const handshake = new ClassicHandshake(challenge.bytes);
      let received = '';
      socket.setEncoding('latin1');
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.write(`${challenge.line}\n`);
      socket.on('data', (chunk: string) => {
        received += chunk;
        for (let at = received.indexOf('\n'); at >= 0; at = received.indexOf('\n')) {
          const step = handshake.take(received.slice(0, at));
          received = received.slice(at + 1);
          if ('token' in step) socket.end(`${okStatus(++last)}\n`);
          else if ('say' in step && step.say !== '') socket.write(`${step.say}\n`);
        }
      });
    });
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    const figures = await load(port, effort.count(clients), effort.tiny ? 0.2 : 2);
    server.close();
    return figures;
  };
}
