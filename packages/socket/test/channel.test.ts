import { createServer, type Server, type Socket } from 'node:net';
import type { Skynet } from '@skynet/core';
import { afterEach, describe, expect, test } from 'vitest';
import { type ChannelSource, createChannel } from '../src/index.ts';
import { livingService, testNode } from './setup.ts';

const servers: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that gets whole lines, and a number of the connection from 1. */
async function lineServer(
  onLine: (socket: Socket, line: string, connection: number) => unknown,
  onConnection: (socket: Socket, connection: number) => unknown = () => {},
): Promise<{ port: number; open(): number; connections(): number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const number = ++connections;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(socket, line, number);
    });
    onConnection(socket, number);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({ server, sockets });
  return {
    port: (server.address() as { port: number }).port,
    open: () => sockets.size,
    connections: () => connections,
  };
}

const line = async (source: ChannelSource<'utf8'>): Promise<[true, string]> => [
  true,
  await source.readLine(),
];

/** `<session> <text>` */
async function sessionLine(source: ChannelSource<'utf8'>): Promise<readonly [number, true, string]> {
  const [session = '', ...words] = (await source.readLine()).split(' ');
  return [Number(session), true, words.join(' ')];
}

async function service(): Promise<{ skynet: Skynet; node: Awaited<ReturnType<typeof testNode>> }> {
  const node = await testNode({ watchdog: false });
  return { skynet: await livingService(node), node };
}

const host = '127.0.0.1';

describe('answers in the order of the requests', () => {
  test('many at once, over one connection', async () => {
    const { port, connections } = await lineServer((socket, text) => socket.write(`${text.toUpperCase()}\n`));
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    const asked = Array.from({ length: 500 }, (_, i) => `data${i}`);
    const got = await Promise.all(asked.map((text) => channel.request(`${text}\n`, line)));
    expect(got).toEqual(asked.map((text) => text.toUpperCase()));
    expect(connections()).toBe(1);
  });

  test('parts become a list; a refusal fails its request alone', async () => {
    const { port } = await lineServer((socket, text) =>
      socket.write(text === 'parts' ? '+1\n+2\n3\n' : `-${text}\n`),
    );
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    const read = async (source: ChannelSource<'utf8'>) => {
      const text = await source.readLine();
      if (text.startsWith('-')) return [false, text.slice(1)] as const;
      return text.startsWith('+') ? ([true, text.slice(1), true] as const) : ([true, text] as const);
    };
    const refused = channel.request('no\n', read);
    expect(await channel.request('parts\n', read)).toEqual(['1', '2', '3']);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_CHANNEL_REFUSED',
      message: 'no',
      details: { value: 'no' },
    });
  });

  test('the pieces of a request go out together, a number and bytes among them', async () => {
    const { port } = await lineServer((socket, text) => socket.write(`${text}\n`));
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    expect(await channel.request('a', line, ['b', Buffer.from('c'), 5, '\n'])).toBe('abc5');
    expect(await channel.request('x', line, { parts: ['y\n'] })).toBe('xy');
  });

  test('a piece that cannot be written sends nothing of its request', async () => {
    const { port } = await lineServer((socket, text) => socket.write(`${text}\n`));
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    await expect(channel.request('half', line, [{} as never])).rejects.toMatchObject({
      code: 'ERR_SOCKET_DATA',
    });
    expect(await channel.request('whole\n', line)).toBe('whole');
  });

  test('an answer that comes after its deadline is thrown away, and the next is matched', async () => {
    const { port } = await lineServer((socket, text) => {
      if (text === 'first') socket.write('first\n');
      else if (text !== 'slow') socket.write(`late\n${text}\n`);
    });
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    // The connection is there before anything has to be in time.
    expect(await channel.request('first\n', line)).toBe('first');
    await expect(channel.request('slow\n', line, { timeout: '20ms' })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    });
    expect(await channel.request('next\n', line)).toBe('next');
  });

  test('a response function that throws gives the connection up; the next request makes another', async () => {
    const { port, connections } = await lineServer((socket, text) => socket.write(`${text}\n`));
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    const cause = new Error('no protocol');
    const broken = channel.request('a\n', () => Promise.reject(cause));
    const behind = channel.request('b\n', line);
    await expect(broken).rejects.toBe(cause);
    await expect(behind).rejects.toMatchObject({ code: 'ERR_CHANNEL_READER', message: 'no protocol', cause });
    expect(await channel.request('c\n', line)).toBe('c');
    expect(connections()).toBe(2);
    await expect(channel.request('d\n', (() => 'text') as never)).rejects.toThrow(
      'a response function returns',
    );
    expect(await channel.request('e\n', line)).toBe('e');
  });

  test('a connection that ends in the middle of an answer fails all that wait', async () => {
    const { port } = await lineServer((socket, text, connection) => {
      if (connection === 1 && text === 'c') socket.end('half');
      else if (connection > 1) socket.write(`${text}\n`);
    });
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    const waiting = ['a', 'b', 'c'].map((text) => channel.request(`${text}\n`, line));
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'ERR_CHANNEL_LOST' });
    expect(await channel.request('d\n', line)).toBe('d');
  });

  test('garbage without an end is bounded by readLimit', async () => {
    const { port } = await lineServer((socket) => socket.write(Buffer.alloc(200_000, 120)));
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port, readLimit: 100_000 });
    await expect(channel.request('a\n', line)).rejects.toMatchObject({
      code: 'ERR_CHANNEL_LOST',
      cause: { code: 'ERR_SOCKET_OVERFLOW' },
    });
  });

  test('more requests than may wait are refused at once; those before are answered', async () => {
    let held: (() => void)[] | undefined = [];
    const { port } = await lineServer((socket, text) => {
      const answer = (): void => void socket.write(`${text}\n`);
      if (held === undefined) answer();
      else held.push(answer);
    });
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port, maxWaiting: 1000 });
    await channel.connect();
    const all = Array.from({ length: 10_000 }, (_, i) => channel.request(`${i}\n`, line));
    const results = Promise.allSettled(all);
    await expect(all[9_999]).rejects.toMatchObject({ code: 'ERR_CHANNEL_FULL' });
    for (const answer of held) answer();
    held = undefined;
    const settled = await results;
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(1000);
    expect(settled[999]).toEqual({ status: 'fulfilled', value: '999' });
    expect(await channel.request('after\n', line)).toBe('after');
  });
});

describe('answers with a session', () => {
  test('come in any order, parts of several among each other', async () => {
    const { port } = await lineServer((socket, text) => {
      if (text === '3') socket.write('3 c\n1 a\n2 b\n');
    });
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port, response: sessionLine });
    expect(await Promise.all([1, 2, 3].map((session) => channel.request(`${session}\n`, session)))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  test('one that nobody has asked for is logged, safe for a terminal', async () => {
    const { port } = await lineServer((socket, text) => socket.write(`\x1b[31m x\n${text} a\n`));
    const { skynet, node } = await service();
    const channel = createChannel<string, string>(skynet, {
      host,
      port,
      response: async (source) => {
        const [session = '', text = ''] = (await source.readLine()).split(' ');
        return [session, true, text];
      },
    });
    expect(await channel.request('7\n', '7')).toBe('a');
    expect(await node.logged('unknown session')).toContain('socket: unknown session : \\x1b[31m');
  });

  test('a session is not used twice at the same time', async () => {
    const held: Socket[] = [];
    const { port } = await lineServer((socket) => held.push(socket));
    const { skynet, node } = await service();
    const channel = createChannel(skynet, { host, port, response: sessionLine });
    // The connection is there before anything has to be in time.
    const first = channel.request('3\n', 3);
    await expect.poll(() => held.length, { timeout: 30_000 }).toBe(1);
    held[0]?.write('3 first\n');
    expect(await first).toBe('first');
    await expect(channel.request('1\n', 1, { timeout: '20ms' })).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
    });
    await expect(channel.request('1\n', 1)).rejects.toMatchObject({ code: 'ERR_CHANNEL_SESSION' });
    const two = channel.request('2\n', 2);
    held[0]?.write('1 late\n2 mine\n');
    expect(await two).toBe('mine');
    const again = channel.request('1\n', 1);
    held[0]?.write('1 now\n');
    expect(await again).toBe('now');
    expect(node.log.filter((text) => text.includes('unknown'))).toEqual([]);
  });

  test('an answer without a session gives the connection up', async () => {
    const { port } = await lineServer((socket, text, connection) =>
      socket.write(connection === 1 ? 'x\n' : `${text} ok\n`),
    );
    const { skynet } = await service();
    const response = async (source: ChannelSource<'utf8'>) => {
      const [session = '', text = ''] = (await source.readLine()).split(' ');
      return session === 'x' ? ([undefined] as const) : ([Number(session), true, text] as const);
    };
    const channel = createChannel(skynet, { host, port, response });
    await expect(channel.request('1\n', 1)).rejects.toMatchObject({ code: 'ERR_CHANNEL_READER' });
    expect(await channel.request('2\n', 2)).toBe('ok');
  });
});

describe('connections', () => {
  test('nobody listens: the request fails with the reason, in the log too', async () => {
    const { skynet, node } = await service();
    const channel = createChannel(skynet, { host, port: 1 });
    await expect(channel.request('a\n', line)).rejects.toMatchObject({
      code: 'ERR_CHANNEL_CONNECT',
      cause: { code: 'ERR_CONNECT' },
    });
    expect(await node.logged('Connect failed')).toContain('Connect failed Connection refused 127.0.0.1 1');
  });

  test('connect() tries until somebody listens', async () => {
    const { skynet, node } = await service();
    const channel = createChannel(skynet, { host, port: 1, reconnect: ['1ms', '2ms'] });
    const connected = channel.connect();
    await node.logged('socket: try to reconnect');
    channel.changeHost(host, (await lineServer((socket, text) => socket.write(`${text}\n`))).port);
    await connected;
    expect(await channel.request('there\n', line)).toBe('there');
  });

  test('a request does not wait for the pauses of connect()', async () => {
    const { skynet, node } = await service();
    const channel = createChannel(skynet, { host, port: 1, reconnect: ['1h'] });
    const forever = channel.connect();
    forever.catch(() => {});
    await node.logged('socket: connect');
    await expect(channel.request('a\n', line)).rejects.toMatchObject({ code: 'ERR_CHANNEL_CONNECT' });
    channel.close();
    await expect(forever).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
  });

  test('the deadline of a request counts the connecting', async () => {
    const { port } = await lineServer(() => {});
    const { skynet } = await service();
    const channel = createChannel(skynet, {
      host,
      port,
      timeout: '30ms',
      auth: (login) => login.request('auth\n', line, { timeout: 0 }),
    });
    await expect(channel.request('a\n', line)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  test('auth that takes longer than connectTimeout is given up', async () => {
    const { port, open } = await lineServer(() => {});
    const { skynet } = await service();
    const channel = createChannel(skynet, {
      host,
      port,
      connectTimeout: '30ms',
      auth: (login) => login.request('auth\n', line),
    });
    await expect(channel.request('a\n', line)).rejects.toMatchObject({ code: 'ERR_CHANNEL_CONNECT' });
    await expect.poll(open).toBe(0);
  });

  test('auth runs once for all that wait, before them', async () => {
    const seen: string[] = [];
    const { port } = await lineServer((socket, text) => {
      seen.push(text);
      socket.write(`${text}\n`);
    });
    const { skynet } = await service();
    const channel = createChannel(skynet, {
      host,
      port,
      auth: async (login) => expect(await login.request('auth\n', line)).toBe('auth'),
    });
    await Promise.all(['a', 'b', 'c'].map((text) => channel.request(`${text}\n`, line)));
    expect(seen).toEqual(['auth', 'a', 'b', 'c']);
  });

  test('auth may send elsewhere; sent in circles it fails', async () => {
    const second = await lineServer((socket, text) => socket.write(`second ${text}\n`));
    const first = await lineServer((socket) => socket.write('first\n'));
    const { skynet } = await service();
    let target = second.port;
    const channel = createChannel(skynet, {
      host,
      port: first.port,
      auth: async (login) => {
        if ((await login.request('who\n', line)) === 'first') login.changeHost(host, target);
      },
    });
    expect(await channel.request('a\n', line)).toBe('second a');
    target = first.port;
    channel.changeHost(host, first.port);
    await expect(channel.request('b\n', line)).rejects.toMatchObject({ code: 'ERR_CHANNEL_CONNECT' });
  });

  test('a backup is used when the host cannot be connected to, and the host again when the backup is gone', async () => {
    const backup = await lineServer((socket, text) => {
      socket.write(`${text}\n`);
      if (text === 'bye') socket.destroy();
    });
    const { skynet, node } = await service();
    const channel = createChannel(skynet, { host, port: 1, backup: [`tcp://127.0.0.1:${backup.port}`] });
    expect(await channel.request('a\n', line)).toBe('a');
    await node.logged(`socket: connect to backup host tcp://127.0.0.1:${backup.port}`);
    channel.changeBackup([]);
    channel.changeHost('localhost', backup.port);
    expect(await channel.request('b\n', line)).toBe('b');
  });

  test('an idle connection that the peer closes is made again; nobody fails', async () => {
    const { port } = await lineServer((socket, text, connection) => {
      socket.write(`${connection} ${text}\n`);
      if (connection === 1) socket.end();
    });
    const { skynet, node } = await service();
    const channel = createChannel(skynet, { host, port });
    expect(await channel.request('a\n', line)).toBe('1 a');
    await node.logged('socket closed by peer :  127.0.0.1');
    expect(await channel.request('b\n', line)).toBe('2 b');
  });

  test('close fails what waits and what comes, connect opens it again', async () => {
    const { port, open } = await lineServer((socket, text) => text !== 'hold' && socket.write(`${text}\n`));
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    await channel.request('a\n', line);
    const held = channel.request('hold\n', line);
    channel.close();
    await expect(held).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
    await expect(channel.request('b\n', line)).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
    await expect.poll(open).toBe(0);
    await channel.connect(true);
    expect(await channel.request('c\n', line)).toBe('c');
  });

  test('overload is told of, and of its end', async () => {
    let drain = (): void => {};
    const { port } = await lineServer(
      () => {},
      (socket) => {
        socket.pause();
        drain = () => void socket.resume();
      },
    );
    const { skynet } = await service();
    const told: boolean[] = [];
    let over = (): void => {};
    const heard = new Promise<void>((resolve) => {
      over = resolve;
    });
    let drained = (): void => {};
    const free = new Promise<void>((resolve) => {
      drained = resolve;
    });
    const channel = createChannel(skynet, {
      host,
      port,
      overload: (overloaded) => {
        told.push(overloaded);
        (overloaded ? over : drained)();
      },
    });
    const block = Buffer.alloc(1 << 20, 10);
    for (let i = 0; i < 24; i++) await channel.request(block);
    await heard;
    drain();
    await free;
    expect(told).toEqual([true, false]);
  });

  test('the connections of a service end with it, also one that is being made', async () => {
    const { port, open } = await lineServer(() => {});
    const node = await testNode({ watchdog: false });
    const skynet = await livingService(node);
    const channels = Array.from({ length: 20 }, () => createChannel(skynet, { host, port }));
    await Promise.all(channels.map((channel) => channel.connect()));
    const late = createChannel(skynet, { host, port, auth: (login) => login.request('auth\n', line) });
    void late.request('a\n', line).catch(() => {});
    await expect.poll(open).toBe(21);
    await node.run((other) => other.kill(skynet.self()));
    await expect.poll(open).toBe(0);
  });

  test('a task that is killed while it waits leaves the answers in order', async () => {
    const { port } = await lineServer((socket, text) => socket.write(`${text}\n`));
    const { skynet } = await service();
    const channel = createChannel(skynet, { host, port });
    await channel.connect();
    const task = skynet.fork(() => channel.request('killed\n', line));
    await skynet.yield();
    const next = channel.request('next\n', line);
    skynet.killTask(task);
    expect(await next).toBe('next');
  });

  test('bytes and latin1 are read as told', async () => {
    const { port } = await lineServer((socket) => socket.write(Buffer.from([0xff, 0x41, 0x0a])));
    const { skynet } = await service();
    const bytes = createChannel(skynet, { host, port, encoding: 'bytes' });
    const latin = createChannel(skynet, { host, port, encoding: 'latin1' });
    expect(await bytes.request('a\n', async (source) => [true, await source.read(2)])).toEqual(
      Buffer.from([0xff, 0x41]),
    );
    expect(await latin.request('a\n', async (source) => [true, await source.readLine()])).toBe('\xffA');
  });
});
