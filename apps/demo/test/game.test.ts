import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { type Node, startNode } from '@skynet/core';
import * as netpack from '@skynet/core/netpack';
import { until } from '@skynet/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

const DEMO = path.resolve(import.meta.dirname, '..');

interface Game {
  readonly node: Node;
  readonly port: number;
  /** Services alive when no client is connected. */
  readonly idle: number;
}

/** The demo's services with a gate on a free port. */
async function startGame(timeScale = 1): Promise<Game> {
  const node = await startNode(
    { harbor: 1, services: ['./services/?'], timeScale },
    { base: DEMO, onLog: () => {} },
  );
  onTestFinished(() => node.stop());
  await node.newService('simpledb');
  const watchdog = await node.newService('watchdog');
  const { port } = await node.run((skynet) =>
    skynet.call<{ port: number }>(watchdog, 'lua', 'start', { port: 0 }),
  );
  // The service of `run` has ended.
  await new Promise((resolve) => setImmediate(resolve));
  return { node, port, idle: node.services };
}

class Player {
  readonly socket: Socket;
  readonly lines: string[] = [];
  #wake = (): void => {};

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    onTestFinished(() => void this.socket.destroy());
    const reader = new netpack.FrameReader();
    this.socket.on('data', (chunk: Buffer) => {
      reader.push(chunk, (bytes, start, end) =>
        this.lines.push(netpack.toString(bytes.subarray(start, end))),
      );
      this.#wake();
    });
  }

  say(...lines: string[]): void {
    for (const line of lines) this.socket.write(netpack.pack(line));
  }

  async heard(count: number): Promise<readonly string[]> {
    while (this.lines.length < count) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    return this.lines;
  }
}

describe('a player', () => {
  test('is answered in order, and shares the store with others', async () => {
    const { port } = await startGame();
    const [first, second] = [new Player(port), new Player(port)];
    first.say('hello', 'get name', 'set name neng zhong', 'GET name', 'set', 'dance');
    expect(await first.heard(6)).toEqual([
      'ok Welcome to skynet, I will send a heartbeat every 5 sec.',
      'ok (nothing)',
      'ok',
      'ok neng zhong',
      'error set <key> <value>',
      'error unknown command dance; there are: hello | get <key> | set <key> <value> | quit',
    ]);
    second.say('get name');
    expect(await second.heard(1)).toEqual(['ok neng zhong']);
  });

  test('gets heartbeats unasked', async () => {
    const { port } = await startGame(0.01);
    expect(await new Player(port).heard(2)).toEqual(['push heartbeat', 'push heartbeat']);
  });

  test('who quits is told so, and leaves no agent behind', async () => {
    const { node, port, idle } = await startGame();
    const player = new Player(port);
    player.say('quit');
    await once(player.socket, 'end');
    expect(player.lines).toEqual(['ok bye']);
    await until(() => node.services === idle);
  });

  test.each(['end', 'resetAndDestroy'] as const)('who leaves by %s leaves no agent behind', async (how) => {
    const { node, port, idle } = await startGame();
    const player = new Player(port);
    player.say('hello');
    await player.heard(1);
    expect(node.services).toBe(idle + 1);
    player.socket[how]();
    await until(() => node.services === idle);
  });

  test('who leaves at once leaves no agent behind', async () => {
    const { node, port, idle } = await startGame();
    for (let i = 0; i < 20; i++) {
      const { socket } = new Player(port);
      await once(socket, 'connect');
      if (i % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    const last = new Player(port);
    last.say('hello');
    await last.heard(1);
    await until(() => node.services === idle + 1);
  });
});

describe('the terminal client', () => {
  async function run(input: string, ...args: string[]): Promise<{ out: string; err: string; code: unknown }> {
    const client = path.join(DEMO, 'client/client.ts');
    const child = spawn(
      process.execPath,
      ['--conditions', '@skynet/source', '--import', 'tsx', client, ...args],
      {
        cwd: DEMO,
        env: { ...process.env, NODE_OPTIONS: '' },
      },
    );
    const exit = once(child, 'exit');
    child.stdin.end(input);
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { out, err, code: (await exit)[0] };
  }

  test('sends each line and shows the answers', async () => {
    const { port } = await startGame();
    const { out, code } = await run('hello\nset a 1\n\nget a\nfly\nquit\n', String(port));
    expect(out.split('\n')).toEqual([
      `connected to 127.0.0.1:${port}; type hello, get <key>, set <key> <value>, help or quit`,
      'Welcome to skynet, I will send a heartbeat every 5 sec.',
      'ok',
      '1',
      'error: unknown command fly; there are: hello | get <key> | set <key> <value> | quit',
      'bye',
      '',
    ]);
    expect(code).toBe(0);
  });

  test('says what to do when nobody listens', async () => {
    const { port, node } = await startGame();
    await node.stop();
    expect(await run('', String(port))).toEqual({
      out: '',
      err: `nobody listens at 127.0.0.1:${port}; start the demo with: npm start\n`,
      code: 1,
    });
  });

  test('explains itself', async () => {
    expect(await run('', 'eight')).toMatchObject({
      err: expect.stringContaining('usage: npm run client'),
      code: 2,
    });
    expect(await run('', '--help')).toMatchObject({
      out: expect.stringContaining('usage: npm run client'),
      code: 0,
    });
  });
});
