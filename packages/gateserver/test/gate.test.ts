import { once } from 'node:events';
import {
  defineService,
  type Handle,
  PTYPE,
  type Request,
  type Skynet,
  type SkynetConfig,
} from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import { Happenings, type TestNode, until } from '@skynet/core/testing';
import { connectionTable, type Transport } from '@skynet/core/transport';
import { describe, expect, test } from 'vitest';
import { type GateOptions, gate } from '../src/index.ts';
import { connectClient, startTestNode } from './harness.ts';

type WatchdogEvent = readonly unknown[];

interface Started {
  readonly node: TestNode;
  readonly gate: Handle;
  readonly watchdog: Handle;
  readonly port: number;
  /** What the watchdog was told: `['open', fd, address]` and so on. */
  readonly told: Happenings<WatchdogEvent>;
  /** Calls a command of the gate. */
  command(name: string, ...args: unknown[]): Promise<unknown>;
  /** Resolves with the number of the next client that connects. */
  nextFd(): Promise<number>;
}

/** A gate with a watchdog that writes down what it is told. */
async function startGate(options: GateOptions = {}, config: SkynetConfig = {}): Promise<Started> {
  const node = await startTestNode(config);
  const told = new Happenings<WatchdogEvent>('events');
  let opened = 0;
  let where = '';
  const watchdog = await node.newService(
    defineService(() => ({
      socket: (...values: unknown[]) =>
        told.add(
          values.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value)),
        ),
    })),
  );
  const handle = await node.newService(gate);
  await node.run((skynet) =>
    skynet.call(handle, 'lua', 'open', { address: '127.0.0.1', port: 0, watchdog, ...options }),
  );
  where = await node.logged(/Listen on/);
  return {
    node,
    gate: handle,
    watchdog,
    port: Number(where.slice(where.lastIndexOf(':') + 1)),
    told,
    command: (name, ...args) => node.run((skynet) => skynet.call(handle, 'lua', name, ...args)),
    async nextFd() {
      const number = ++opened;
      await told.find(() => told.all.filter(([event]) => event === 'open').length >= number);
      return told.all.filter(([event]) => event === 'open')[number - 1]?.[1] as number;
    },
  };
}

interface Packet {
  readonly text: string;
  readonly type: number;
  readonly session: number;
  readonly source: Handle;
}

/** An agent that writes down its packets; `work` is done for each. */
async function startAgent(
  node: TestNode,
  work: (text: string, request: Request, skynet: Skynet) => unknown = () => {},
): Promise<{ handle: Handle; packets: Happenings<Packet> }> {
  const packets = new Happenings<Packet>('packets');
  const handle = await node.newService(
    defineService((skynet) => {
      skynet.registerProtocol({ name: 'client', id: PTYPE.CLIENT, unpack: (body) => skynet.toString(body) });
      skynet.dispatch('client', (request, text: string) => {
        const { type, session, source } = request;
        packets.add({ text, type, session, source });
        return work(text, request, skynet);
      });
    }),
  );
  return { handle, packets };
}

describe('the watchdog', () => {
  test('hears of connections, and of packets that are accepted', async () => {
    const { port, told, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    expect(told.all).toEqual([['open', fd, expect.stringMatching(/^127\.0\.0\.1:\d+$/)]]);
    await command('accept', fd);
    client.send('hello', 'again');
    client.socket.end();
    expect((await told.count(4)).slice(1)).toEqual([
      ['data', fd, 'hello'],
      ['data', fd, 'again'],
      ['close', fd],
    ]);
  });

  test('is who opened the gate when no other is named', async () => {
    const node = await startTestNode();
    const told = new Happenings<WatchdogEvent>('events');
    const owner = await node.newService(
      defineService(async (skynet) => {
        const handle = await skynet.newService(gate);
        await skynet.call(handle, 'lua', 'open', { port: 0, address: '127.0.0.1' });
        return { socket: (...values: unknown[]) => told.add(values) };
      }),
    );
    expect(owner).toBeGreaterThan(0);
    const port = (await node.logged(/Listen on/)).split(':').at(-1);
    await connectClient(Number(port));
    expect(await told.count(1)).toEqual([['open', expect.any(Number), expect.any(String)]]);
  });

  test('hears of connections that break', async () => {
    const { port, told, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    await command('accept', fd);
    client.socket.resetAndDestroy();
    expect((await told.count(3)).slice(1)).toEqual([
      ['error', fd, 'Connection reset by peer'],
      ['close', fd],
    ]);
  });

  test('hears of clients that do not read', async () => {
    const {
      node,
      gate: handle,
      port,
      told,
      nextFd,
      command,
    } = await startGate({ limits: { slowReader: 'keep' } });
    const client = await connectClient(port);
    const fd = await nextFd();
    await command('accept', fd);
    client.socket.pause();
    await node.run((skynet) => {
      const connection = connectionTable(kernelOf(skynet)).find(fd);
      for (let i = 0; i < 200; i++) connection?.write(new Uint8Array(50_000));
    });
    expect(await told.find(([event]) => event === 'warning')).toEqual(['warning', fd, expect.any(Number)]);
    await node.run((skynet) => skynet.call(handle, 'lua', 'kick', fd));
  });

  test('can have clients kicked', async () => {
    const { port, told, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    await command('kick', fd);
    await client.ended;
    expect(await told.count(2)).toEqual([expect.arrayContaining(['open', fd]), ['close', fd]]);
    expect(await command('kick', fd)).toBeUndefined();
  });
});

describe('an agent', () => {
  test('gets the packets of a connection that is forwarded to it, in the name of the gate', async () => {
    const { node, gate: handle, port, told, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    const agent = await startAgent(node);
    await command('forward', fd, 0, agent.handle);
    client.send('one', 'two');
    expect(await agent.packets.count(2)).toEqual([
      { text: 'one', type: PTYPE.CLIENT, session: fd, source: handle },
      { text: 'two', type: PTYPE.CLIENT, session: fd, source: handle },
    ]);
    expect(told.all.map(([event]) => event)).toEqual(['open']);
  });

  test('gets them in the name of the client that is given', async () => {
    const { node, watchdog, port, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    const agent = await startAgent(node);
    await command('forward', fd, watchdog, agent.handle);
    client.send('one');
    expect((await agent.packets.count(1))[0]?.source).toBe(watchdog);
  });

  test('is who calls forward when no other is named', async () => {
    const { node, gate: handle, port, nextFd } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    const packets = new Happenings<string>('packets');
    await node.newService(
      defineService(async (skynet) => {
        skynet.registerProtocol({
          name: 'client',
          id: PTYPE.CLIENT,
          unpack: (body) => skynet.toString(body),
        });
        skynet.dispatch('client', (_request, text: string) => packets.add(text));
        await skynet.call(handle, 'lua', 'forward', fd);
      }),
    );
    client.send('to me');
    expect(await packets.count(1)).toEqual(['to me']);
  });

  test('can be changed, and taken away', async () => {
    const { node, port, told, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    const [first, second] = [await startAgent(node), await startAgent(node)];
    await command('forward', fd, 0, first.handle);
    client.send('1');
    await first.packets.count(1);
    await command('forward', fd, 0, second.handle);
    client.send('2');
    await second.packets.count(1);
    await command('accept', fd);
    client.send('3');
    expect(await told.find(([event]) => event === 'data')).toEqual(['data', fd, '3']);
    // The first one's end concerns a connection of its past only.
    await node.run((skynet) => skynet.kill(first.handle));
    await node.run((skynet) => skynet.kill(second.handle));
    client.send('4');
    expect(await told.find(([event, , text]) => event === 'data' && text === '4')).toBeDefined();
  });

  test('that ends takes its connections with it, and the watchdog is told', async () => {
    const { node, port, told, nextFd, command } = await startGate();
    const clients = [await connectClient(port), await connectClient(port), await connectClient(port)];
    const fds = [await nextFd(), await nextFd(), await nextFd()];
    const agent = await startAgent(node);
    const other = await startAgent(node);
    await command('forward', fds[0], 0, agent.handle);
    await command('forward', fds[1], 0, agent.handle);
    await command('forward', fds[2], 0, other.handle);
    await node.run((skynet) => skynet.kill(agent.handle));
    await Promise.all(clients.slice(0, 2).map(({ ended }) => ended));
    const events = (await told.count(7)).slice(3);
    for (const fd of fds.slice(0, 2)) {
      expect(events.filter((event) => event[1] === fd)).toEqual([
        ['error', fd, `agent :${agent.handle.toString(16).padStart(8, '0')} has ended`],
        ['close', fd],
      ]);
    }
    clients[2]?.send('still here');
    expect((await other.packets.count(1))[0]?.text).toBe('still here');
  });

  test('that throws, or ends with packets in its mailbox, disturbs nobody', async () => {
    const { node, port, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    const agent = await startAgent(node, async (text, _request, skynet) => {
      if (text === 'throw') throw new Error('not a number');
      if (text === 'exit') skynet.exit();
      await skynet.yield();
    });
    await command('forward', fd, 0, agent.handle);
    client.send('throw', 'fine');
    await agent.packets.count(2);
    await node.logged(/not a number/);
    client.send('fine', 'exit', 'lost', 'lost');
    await client.ended;
    expect(node.log.filter((line) => /Unknown session|Response message/.test(line))).toEqual([]);
  });

  test('that throws is not mistaken for an answer the gate waits for', async () => {
    let go = (): void => {};
    const later = new Promise<void>((resolve) => {
      go = resolve;
    });
    const listener = {
      address: 'later',
      url: 'later://',
      port: 0,
      pause() {},
      resume() {},
      close: async () => {},
    };
    const slow: Transport = {
      schemes: ['later'],
      connect: () => Promise.reject(new Error('nobody')),
      listen: () => later.then(() => listener),
    };
    const { node, port, nextFd, command } = await startGate({}, { transports: [slow] });
    const agent = await startAgent(node, () => {
      throw new Error('never');
    });
    // Their numbers, which are the sessions of their packets, cover the sessions the gate has used so far and next.
    const clients = await Promise.all(Array.from({ length: 30 }, () => connectClient(port)));
    for (let i = 0; i < clients.length; i++) await command('forward', await nextFd(), 0, agent.handle);
    await command('close');
    let opened = false;
    const opening = command('open', { url: 'later://x:1' }).then(() => {
      opened = true;
    });
    for (const client of clients) client.send('boom');
    await agent.packets.count(clients.length);
    await command('kick', 0);
    expect(opened).toBe(false);
    go();
    await opening;
  });

  test('that is slow holds up its own client, not the node', async () => {
    const { node, port, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    const total = 5000;
    let longest = 0;
    const agent = await startAgent(node, (_text, _request, skynet) => {
      longest = Math.max(longest, skynet.mqlen());
      const until = performance.now() + 0.02;
      while (performance.now() < until);
    });
    await command('forward', fd, 0, agent.handle);
    const texts = Array.from({ length: total }, (_, i) => String(i));
    client.send(...texts);
    const packets = await agent.packets.count(total);
    expect(packets.map(({ text }) => text)).toEqual(texts);
    expect(longest).toBeLessThan(1024);
  });

  test('that waits while it works on packets gets only so many', async () => {
    const { node, port, nextFd, command } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    let go = (): void => {};
    const later = new Promise<void>((resolve) => {
      go = resolve;
    });
    let done = 0;
    const agent = await startAgent(node, async (_text, _request, skynet) => {
      await skynet.await(later);
      done++;
    });
    await command('forward', fd, 0, agent.handle);
    const texts = Array.from({ length: 5000 }, (_, i) => String(i));
    client.send(...texts);
    await agent.packets.count(512);
    // Another client of the same agent gets through meanwhile.
    const other = await connectClient(port);
    await command('forward', await nextFd(), 0, agent.handle);
    other.send('mine');
    await agent.packets.find(({ text }) => text === 'mine');
    expect(agent.packets.all.length).toBeLessThan(1024);
    go();
    await agent.packets.count(texts.length + 1);
    await until(() => done === texts.length + 1);
    expect(agent.packets.all.filter(({ session }) => session === fd).map(({ text }) => text)).toEqual(texts);
  });

  test('cannot be one that does not live', async () => {
    const { node, port, nextFd, command } = await startGate();
    await connectClient(port);
    const fd = await nextFd();
    const agent = await startAgent(node);
    await node.run((skynet) => skynet.kill(agent.handle));
    await expect(command('forward', fd, 0, agent.handle)).rejects.toMatchObject({ code: 'ERR_GATE_AGENT' });
  });
});

describe('commands', () => {
  test('open with a watchdog that is no address is refused', async () => {
    const { command } = await startGate();
    await command('close');
    await expect(command('open', { port: 0, watchdog: {} })).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test('open tells where the gate listens', async () => {
    const { command } = await startGate();
    await command('close');
    expect(await command('open', { address: '127.0.0.1', port: 0 })).toEqual({
      address: '127.0.0.1',
      port: expect.any(Number),
    });
  });

  test.each(['forward', 'accept'])('%s of an unknown connection is an error of the caller', async (name) => {
    const { command } = await startGate();
    await expect(command(name, 4711)).rejects.toMatchObject({ code: 'ERR_GATE_FD', details: { fd: 4711 } });
  });

  test.each(['constructor', 'nothing'])('%s is unknown', async (name) => {
    const { command } = await startGate();
    await expect(command(name)).rejects.toMatchObject({ code: 'ERR_UNKNOWN_COMMAND' });
  });

  test('callers are typed', async () => {
    const { node, gate: handle, port, nextFd } = await startGate();
    const client = await connectClient(port);
    const fd = await nextFd();
    await node.run((skynet) => skynet.proxy<import('../src/index.ts').GateCommands>(handle).kick(fd));
    if (!client.socket.closed) await once(client.socket, 'end');
  });
});
