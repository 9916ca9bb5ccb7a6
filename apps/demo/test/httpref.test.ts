// The reference server for HTTP and WebSocket clients, as others start it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Node } from '@skynet/core';
import { startTestNode } from '@skynet/core/testing';
import { createWebSocket } from '@skynet/http/websocket';
import { expect, onTestFinished, test } from 'vitest';
import { freeRow } from '../../../test/free-port.ts';

async function start(...args: string[]): Promise<{ port: number; program: ChildProcess }> {
  const port = await freeRow(2);
  const program = spawn('npm', ['run', '--silent', 'httpref', '--', String(port), ...args], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => {
    try {
      process.kill(-(program.pid as number), 'SIGKILL');
    } catch {
      // All have ended.
    }
  });
  let errors = '';
  program.stderr?.on('data', (chunk) => {
    errors += String(chunk);
  });
  const [first] = await Promise.race([
    once(program.stdout as NodeJS.ReadableStream, 'data'),
    once(program, 'exit').then(() => {
      throw new Error(`it ended before it was ready: ${errors}`);
    }),
  ]);
  expect(String(first)).toBe('ready\n');
  return { port, program };
}

/** Sends these, and gives what comes back until there is as much. */
async function talk(node: Node, url: string, ...messages: string[]): Promise<string[]> {
  return await node.run(async (skynet) => {
    const websocket = createWebSocket(skynet);
    const id = await websocket.connect(url);
    const received: string[] = [];
    for (const message of messages) websocket.write(id, message);
    for (const _ of messages) received.push(String((await websocket.read(id))[0]));
    websocket.close(id, 1000, 'done');
    // The service that this runs in ends with it.
    await websocket.read(id);
    return received;
  });
}

test.each([[[]], [['--thread', '2', '--unmasked']]])(
  'answers HTTP and WebSocket, asks others, and ends with status 0: %s',
  async (args) => {
    const { port, program } = await start(...args);
    const node = await startTestNode({}, { after: onTestFinished });
    const at = `http://127.0.0.1:${port}`;
    const echo = await (await fetch(`${at}/echo?a=%20`, { method: 'POST', body: 'hello' })).text();
    expect(echo).toContain('method: POST\nurl: /echo?a=%20\npath: 2f6563686f\nquery: a=%20\n');
    expect(echo).toMatch(/\nbody: 5:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d\n$/);
    expect(await (await fetch(`${at}/query?b=%ff&a=1&b=2`)).text()).toBe('61=31\n62=ff\n62=32\n');
    const statuses = ['/status?code=418', '/nobody?code=204', '/error', '/%zz', '/none', '/slow?cs=1'].map(
      async (path) => {
        const response = await fetch(at + path);
        await response.text();
        return response.status;
      },
    );
    expect(await Promise.all(statuses)).toEqual([418, 204, 500, 400, 404, 200]);
    expect((await fetch(`${at}/body`, { method: 'POST', body: Buffer.alloc(65_537) })).status).toBe(413);
    expect((await (await fetch(`${at}/big?n=200000`)).arrayBuffer()).byteLength).toBe(200_000);

    const target = encodeURIComponent('/chunked?n=3&size=5');
    const asked = await fetch(`${at}/fetch?method=GET&host=127.0.0.1:${port}&url=${target}&stream=1`, {
      method: 'POST',
    });
    expect(await asked.text()).toMatch(/^code: 200\n(header: .*\n)+complete: true\nbody: 15:[0-9a-f]{40}\n$/);
    const failed = await fetch(`${at}/fetch?host=127.0.0.1:1&url=/`, { method: 'POST' });
    expect(await failed.text()).toBe('error: Connection refused\n');

    const commands = ['hi', '!events', '!url', '!many:1', '!slow:1'];
    expect(await talk(node, `ws://127.0.0.1:${port}/ws?x`, ...commands)).toEqual([
      'hi',
      'connect handshake text:2',
      '/ws?x',
      '1',
      '!slow:1',
    ]);
    const [last] = await talk(node, `ws://127.0.0.1:${port + 1}/any`, '!last');
    expect(last).toBe('close 1000 done');
    const wsfetch = (url: string): Promise<string> =>
      fetch(`${at}/wsfetch?url=${encodeURIComponent(url)}`, { method: 'POST' }).then((answer) =>
        answer.text(),
      );
    expect(await wsfetch(`ws://127.0.0.1:${port}/none`)).toMatch(/^error: .*404/);

    const ended = once(program, 'exit');
    program.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  },
  120_000,
);
