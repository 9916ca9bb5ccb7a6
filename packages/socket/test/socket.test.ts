import { isSkynetError, type Skynet, SkynetError } from '@skynet/core';
import type { TestNode } from '@skynet/core/testing';
import { memory, type Transport, tcp } from '@skynet/core/transport';
import { describe, expect, test } from 'vitest';
import { createSocket, type Encoding, type SocketApi, type SocketOptions } from '../src/index.ts';
import { type Client, client, livingService, Signal, testNode } from './setup.ts';

/** Node, a service in it, and a connected pair: the service's id and the client outside. */
interface Pair<E extends Encoding> {
  node: TestNode;
  skynet: Skynet;
  socket: SocketApi<E>;
  id: number;
  peer: Client;
  listener: number;
  port: number;
}

async function accepted<E extends Encoding = 'utf8'>(options?: SocketOptions<E>): Promise<Pair<E>> {
  const node = await testNode();
  const skynet = await livingService(node);
  const socket = createSocket<E>(skynet, options);
  const listener = await socket.listen('127.0.0.1', 0);
  const { port } = socket.localAddress(listener);
  const arrived = new Signal<number>();
  await socket.start(listener, (id) => arrived.resolve(id));
  const peer = await client(port);
  return { node, skynet, socket, id: await arrived.promise, peer, listener, port };
}

async function connected<E extends Encoding = 'utf8'>(options?: SocketOptions<E>): Promise<Pair<E>> {
  const pair = await accepted(options);
  await pair.socket.start(pair.id);
  return pair;
}

/** The code an action fails with. */
async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (isSkynetError(error)) return error.code;
    throw error;
  }
  return 'no error';
}

/** Resolves when so many bytes lie unread. */
async function unread(socket: SocketApi<Encoding>, id: number, bytes: number): Promise<void> {
  while ((socket.netstat().find((row) => row.id === id)?.rbuffer ?? 0) < bytes)
    await new Promise(setImmediate);
}

describe('listening', () => {
  test.each(['maxConnections', 'maxPerAddress'])(
    'takes no more than %s, and others when some are gone',
    async (key) => {
      const { node, socket, id, peer, port } = await connected({ [key]: 1 });
      const refused = await client(port);
      await refused.until(({ ended, closed }) => ended || closed);
      await node.logged('accept error');
      socket.write(id, 'still here');
      await peer.receives('still here');
      await socket.close(id);
      await peer.until(({ ended }) => ended);
      peer.end();
      // The listener may not have seen yet that there is room.
      for (let next = await client(port); !socket.netstat().some(({ type }) => type === 'TCP'); ) {
        await new Promise(setImmediate);
        if (next.ended || next.closed) next = await client(port);
      }
    },
  );

  test('limits the time of a handshake', async () => {
    const node = await testNode({ transports: [tcp({ proxyProtocol: true, trustProxy: true })] });
    const socket = createSocket(await livingService(node), { handshakeTimeout: '100ms' });
    const listener = await socket.listen('127.0.0.1', 0);
    await socket.start(listener, () => {});
    const silent = await client(socket.localAddress(listener).port);
    await silent.until(({ ended, closed }) => ended || closed);
    await node.logged('was not through after 100 ms');
  });
});

describe('connecting', () => {
  test('a service talks to another through a socket', async () => {
    const node = await testNode();
    const server = await livingService(node);
    const serving = createSocket(server);
    const listener = await serving.listen('127.0.0.1:0');
    await serving.start(listener, (id, address) => {
      expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
      server.fork(async () => {
        await serving.start(id);
        const [line] = await serving.readLine(id);
        serving.write(id, [`${line?.toUpperCase()}`, 1, Buffer.from('\n')]);
        await serving.close(id);
      });
    });
    const { port } = serving.localAddress(listener);
    const results = await node.run(async (skynet) => {
      const socket = createSocket(skynet);
      const id = await socket.open('127.0.0.1', port);
      expect(socket.remoteAddress(id)).toEqual({ address: '127.0.0.1', port });
      socket.write(id, 'hello\n');
      return [await socket.readLine(id), await socket.readLine(id)];
    });
    expect(results).toEqual([
      ['HELLO1', undefined],
      [undefined, ''],
    ]);
  });

  test('the same object for a service, another one with options', async () => {
    const node = await testNode();
    const skynet = await livingService(node);
    expect(createSocket(skynet)).toBe(createSocket(skynet));
    expect(createSocket(skynet, { encoding: 'bytes' })).not.toBe(createSocket(skynet));
  });

  test('a refused connection', async () => {
    const { socket, port, listener } = await accepted();
    await socket.close(listener);
    await expect(socket.open('127.0.0.1', port)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: 'Connection refused',
    });
  });

  test('a port in use', async () => {
    const { socket, port } = await accepted();
    await expect(socket.listen('127.0.0.1', port)).rejects.toMatchObject({ code: 'ERR_LISTEN' });
    await expect(socket.listen('127.0.0.1', port)).rejects.toThrow(/^Listen error/);
  });

  test('addresses that are none', async () => {
    const { socket } = await accepted();
    await expect(socket.open('nowhere')).rejects.toThrow('Invalid address nowhere.');
    await expect(socket.open('127.0.0.1:http')).rejects.toThrow('Invalid port in address 127.0.0.1:http.');
    await expect(socket.open('127.0.0.1', 0)).rejects.toThrow('Invalid port');
    await expect(socket.open('gopher://a:1')).rejects.toMatchObject({ code: 'ERR_ADDRESS_INVALID' });
  });

  test.each([['memory://room'], [`unix:///tmp/skynet-socket-${process.pid}.sock`]])(
    'over %s',
    async (address) => {
      const node = await testNode();
      const skynet = await livingService(node);
      const socket = createSocket(skynet);
      const listener = await socket.listen(address);
      await socket.start(listener, async (id) => {
        await socket.start(id);
        const [text] = await socket.read(id);
        socket.write(id, `${text}!`);
        await socket.close(id);
      });
      const id = await socket.open(address);
      socket.write(id, 'ping');
      expect(await socket.readAll(id)).toBe('ping!');
    },
  );

  test('connections that come before start wait for it', async () => {
    const node = await testNode();
    const skynet = await livingService(node);
    const socket = createSocket(skynet);
    const listener = await socket.listen('127.0.0.1', 0);
    const peers = [
      await client(socket.localAddress(listener).port),
      await client(socket.localAddress(listener).port),
    ];
    const ids: number[] = [];
    const both = new Signal();
    await socket.start(listener, (id) => {
      if (ids.push(id) === peers.length) both.resolve();
    });
    await both.promise;
    for (const id of ids) socket.write(id, 'late');
    for (const peer of peers) expect(await peer.receives('late')).toBe('late');
  });

  test('a paused listener lets connections wait until it is started again', async () => {
    const { socket, listener, port } = await accepted();
    await socket.pause(listener);
    const peer = await client(port);
    const arrived = new Signal<number>();
    await socket.start(listener, (id) => arrived.resolve(id));
    socket.write(await arrived.promise, 'hi');
    expect(await peer.receives('hi')).toBe('hi');
  });

  test('an accept callback that throws is logged and the next connection is accepted', async () => {
    const { node, socket, port } = await accepted();
    const skynet = await livingService(node);
    const other = createSocket(skynet);
    const listener = await other.listen('127.0.0.1', 0);
    const served: number[] = [];
    await other.start(listener, (id) => {
      served.push(id);
      if (served.length === 1) throw new Error('first one fails');
      other.write(id, 'ok');
    });
    await client(other.localAddress(listener).port);
    const second = await client(other.localAddress(listener).port);
    expect(await second.receives('ok')).toBe('ok');
    await node.logged('first one fails');
    expect(port).toBeGreaterThan(0);
    expect(socket.netstat().length).toBeGreaterThan(2);
  });
});

test('failures to accept are log lines', async () => {
  let report: ((error: SkynetError) => void) | undefined;
  const exhausted: Transport = {
    schemes: ['exhausted'],
    connect: () => Promise.reject(new Error('not used')),
    listen: async (_address, { onAcceptError }) => {
      report = onAcceptError;
      return {
        address: 'exhausted',
        url: 'exhausted',
        port: 0,
        pause() {},
        resume() {},
        close: async () => {},
      };
    },
  };
  const node = await testNode({ transports: [exhausted] });
  const socket = createSocket(await livingService(node));
  const id = await socket.listen('exhausted://host:1');
  report?.(new SkynetError('ERR_LISTEN', 'Too many open files'));
  await node.logged(`socket: accept error on ${id} Too many open files`);
});

test('noDelay and keepAlive are left to the transport unless given', async () => {
  const calls: unknown[] = [];
  const inner = memory();
  const recording: Transport = {
    ...inner,
    connect: async (...args) => {
      const connection = await inner.connect(...args);
      connection.setNoDelay = (on) => void calls.push(on);
      connection.setKeepAlive = (milliseconds) => void calls.push(milliseconds);
      return connection;
    },
  };
  const skynet = await livingService(await testNode({ transports: [recording] }));
  await createSocket(skynet).listen('memory://settings');
  await createSocket(skynet).open('memory://settings');
  expect(calls).toEqual([]);
  await createSocket(skynet, { noDelay: false, keepAlive: '60s' }).open('memory://settings');
  expect(calls).toEqual([false, 60_000]);
});

describe('reading', () => {
  test('whatever is there, a number of bytes, a line, until the end', async () => {
    const { socket, id, peer } = await connected();
    peer.write('abc');
    expect(await socket.read(id)).toEqual(['abc', undefined]);
    peer.write('defghi\r\njk');
    expect(await socket.read(id, 3)).toEqual(['def', undefined]);
    expect(await socket.readLine(id, '\r\n')).toEqual(['ghi', undefined]);
    peer.end('lm');
    expect(await socket.readAll(id)).toBe('jklm');
    expect(await socket.readAll(id)).toBeUndefined();
    expect(await socket.read(id)).toEqual([undefined, '']);
  });

  test('the end gives what was not enough', async () => {
    const { socket, id, peer } = await connected();
    peer.end('half a line');
    expect(await socket.readLine(id)).toEqual([undefined, 'half a line']);
    expect(await socket.readLine(id)).toEqual([undefined, '']);
  });

  test('a number of bytes that does not come', async () => {
    const { socket, id, peer } = await connected();
    peer.end('abc');
    expect(await socket.read(id, 4)).toEqual([undefined, 'abc']);
  });

  test('what was received before the end is still read', async () => {
    const { socket, id, peer } = await connected();
    peer.end('one\ntwo\n');
    await unread(socket, id, 8);
    expect(await socket.readLine(id)).toEqual(['one', undefined]);
    expect(await socket.readLine(id)).toEqual(['two', undefined]);
    expect(await socket.readLine(id)).toEqual([undefined, '']);
    expect(socket.disconnected(id)).toBe(true);
  });

  test('block waits until something is there and takes nothing', async () => {
    const { socket, id, peer } = await connected();
    const readable = socket.block(id);
    peer.write('x');
    expect(await readable).toBe(true);
    expect(await socket.read(id)).toEqual(['x', undefined]);
    peer.end();
    expect(await socket.block(id)).toBe(false);
  });

  test('a character cut in two is waited for', async () => {
    const { socket, id, peer } = await connected();
    const bytes = Buffer.from('a你');
    peer.write(bytes.subarray(0, 2));
    expect(await socket.read(id)).toEqual(['a', undefined]);
    const rest = socket.read(id);
    await unread(socket, id, 1);
    peer.write(bytes.subarray(2));
    expect(await rest).toEqual(['你', undefined]);
  });

  test('bytes that are no text come back unchanged when written', async () => {
    const { socket, id, peer } = await connected();
    const bytes = Buffer.from([0, 0xff, 0x61, 0xc3, 0x28, 0xfe, 0x80]);
    peer.write(bytes);
    const [text] = await socket.read(id, bytes.length);
    socket.write(id, text ?? '');
    await peer.until(({ received }) => received.length >= bytes.length);
    expect(peer.received).toEqual(bytes);
  });

  test('bytes and latin1', async () => {
    const { skynet, socket, id, peer } = await connected({ encoding: 'bytes' });
    peer.write(Buffer.from([1, 0xff]));
    expect(await socket.read(id, 2)).toEqual([Buffer.from([1, 0xff]), undefined]);
    const latin1 = createSocket(skynet, { encoding: 'latin1' });
    peer.write(Buffer.from([0x41, 0xff, 0x0a]));
    expect(await latin1.readLine(id)).toEqual(['A\xff', undefined]);
    latin1.write(id, '\xe9');
    await peer.until(({ received }) => received.length === 1);
    expect(peer.received).toEqual(Buffer.from([0xe9]));
    expect(await codeOf(() => latin1.write(id, '你'))).toBe('ERR_SOCKET_DATA');
  });

  test('a second reader that would have to wait is refused, one that is served is not', async () => {
    const { socket, id, peer } = await connected();
    const line = socket.readLine(id);
    peer.write('abc');
    await unread(socket, id, 3);
    expect(await codeOf(() => socket.read(id, 4))).toBe('ERR_SOCKET_BUSY');
    expect(await socket.read(id, 2)).toEqual(['ab', undefined]);
    peer.write('d\n');
    expect(await line).toEqual(['cd', undefined]);
  });

  test('reading needs an id this service has started', async () => {
    const { node, socket, id } = await accepted();
    expect(await codeOf(() => socket.read(id))).toBe('ERR_SOCKET_ID');
    await socket.start(id);
    const other = createSocket(await livingService(node));
    expect(await codeOf(() => other.read(id))).toBe('ERR_SOCKET_ID');
    expect(other.invalid(id)).toBe(true);
    expect(socket.invalid(id)).toBe(false);
    await socket.close(id);
    expect(await codeOf(() => socket.readLine(id))).toBe('ERR_SOCKET_ID');
  });

  test('nonsense is refused', async () => {
    const { socket, id, listener } = await connected();
    for (const size of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3' as unknown as number]) {
      expect(await codeOf(() => socket.read(id, size))).toBe('ERR_ARGUMENT');
    }
    expect(await codeOf(() => socket.readLine(id, ''))).toBe('ERR_ARGUMENT');
    expect(await codeOf(() => socket.readLine(id, 5 as unknown as string))).toBe('ERR_ARGUMENT');
    expect(await codeOf(() => socket.read(id, 2 ** 31))).toBe('ERR_SOCKET_OVERFLOW');
    expect(await codeOf(() => socket.read(listener))).toBe('ERR_SOCKET_KIND');
    expect(await codeOf(() => socket.read('x' as unknown as number))).toBe('ERR_SOCKET_ID');
    expect(await codeOf(() => socket.write(id, {} as unknown as string))).toBe('ERR_SOCKET_DATA');
    expect(await codeOf(() => socket.write(id, [['a']] as unknown as string))).toBe('ERR_SOCKET_DATA');
    expect(await codeOf(() => socket.write(id, undefined as unknown as string))).toBe('ERR_SOCKET_DATA');
    expect(await codeOf(() => socket.limit(id, 0))).toBe('ERR_ARGUMENT');
    expect(await codeOf(() => socket.start(12345))).toBe('ERR_SOCKET_ID');
    expect(await codeOf(() => socket.start(id))).toBe('ERR_SOCKET_STARTED');
    expect(await codeOf(() => socket.start(listener, () => {}))).toBe('ERR_SOCKET_STARTED');
    expect(await codeOf(() => createSocket({} as Skynet))).toBe('ERR_ARGUMENT');
    const skynet = await livingService(await testNode());
    expect(await codeOf(() => createSocket(skynet, { encoding: 'utf16' as 'utf8' }))).toBe('ERR_ARGUMENT');
    expect(await codeOf(() => createSocket(skynet, { readLimit: -1 }))).toBe('ERR_ARGUMENT');
    expect(await codeOf(() => createSocket(skynet, { idleTimeout: 'soon' as never }))).toBe(
      'ERR_DURATION_INVALID',
    );
    expect(() => createSocket(skynet, { idleTimeOut: '5s' } as never)).toThrow(
      'unknown socket option "idleTimeOut", perhaps idleTimeout is meant',
    );
    for (const options of [{ idleTimeout: -1 }, { noDelay: 'yes' }, { colour: 1 }, [], 'utf8', 5])
      expect(await codeOf(() => createSocket(skynet, options as never)), String(options)).toBe(
        'ERR_ARGUMENT',
      );
  });

  test('tasks that read different sockets do not wait for each other', async () => {
    const { skynet, socket, id, peer, port, listener } = await connected();
    const order: string[] = [];
    const second = new Signal<number>();
    await socket.pause(listener);
    await socket.start(listener, (other) => second.resolve(other));
    const peer2 = await client(port);
    const id2 = await second.promise;
    await socket.start(id2);
    const done = new Signal();
    skynet.fork(async () => {
      order.push(`first ${(await socket.readLine(id))[0]}`);
      done.resolve();
    });
    skynet.fork(async () => {
      order.push(`second ${(await socket.readLine(id2))[0]}`);
      peer.write('a\n');
    });
    peer2.write('b\n');
    await done.promise;
    expect(order).toEqual(['second b', 'first a']);
  });
});

describe('writing', () => {
  test('an accepted id can be written to before it is started', async () => {
    const { socket, id, peer } = await accepted();
    expect(socket.write(id, 'welcome')).toBe(true);
    expect(await peer.receives('welcome')).toBe('welcome');
  });

  test('any service may write to an id', async () => {
    const { node, id, peer } = await connected();
    const other = createSocket(await livingService(node));
    expect(other.write(id, 'from elsewhere')).toBe(true);
    expect(await peer.receives('elsewhere')).toBe('from elsewhere');
  });

  test('writing goes on after the peer ended its side', async () => {
    const { socket, id, peer } = await connected();
    peer.end('question');
    expect(await socket.readAll(id)).toBe('question');
    expect(socket.write(id, 'answer')).toBe(true);
    await socket.close(id);
    expect(await peer.receives('answer')).toBe('answer');
    await peer.until(({ ended }) => ended);
  });

  test('unknown and closed ids take nothing', async () => {
    const { socket, id, listener } = await connected();
    expect(socket.write(99_999, 'x')).toBe(false);
    expect(socket.write(listener, 'x')).toBe(false);
    await socket.close(id);
    expect(socket.write(id, 'x')).toBe(false);
  });

  test('bytes are taken at once, later changes are not seen', async () => {
    const { socket, id, peer } = await connected();
    const bytes = Buffer.alloc(40_000, 'a');
    socket.write(id, bytes);
    bytes.fill('b');
    await peer.until(({ received }) => received.length === 40_000);
    expect(peer.received.includes('b')).toBe(false);
  });

  test('low priority goes behind normal data, piece by piece, whole', async () => {
    const { socket, id, peer } = await connected();
    socket.write(id, 'h1');
    socket.lwrite(id, 'low1');
    socket.lwrite(id, 'low2');
    socket.write(id, 'h2');
    expect(await peer.receives('low2')).toBe('h1h2low1low2');
    socket.lwrite(id, 'alone');
    expect(await peer.receives('alone')).toMatch(/alone$/);
  });

  test('low priority waits as long as normal data does', async () => {
    const { socket, id, peer } = await connected();
    peer.socket.pause();
    const much = 'n'.repeat(512 * 1024);
    for (let i = 0; i < 16; i++) socket.write(id, much);
    socket.lwrite(id, 'LOW');
    await new Promise(setImmediate);
    for (let i = 0; i < 4; i++) socket.write(id, much);
    peer.socket.resume();
    const all = await peer.receives('LOW');
    expect(all.indexOf('LOW')).toBe(20 * much.length);
  });

  test('closing sends low priority data too', async () => {
    const { socket, id, peer } = await connected();
    socket.write(id, 'first ');
    socket.lwrite(id, 'last');
    await socket.close(id);
    await peer.until(({ ended }) => ended);
    expect(peer.received.toString()).toBe('first last');
  });

  test('a backlog warns at 1 MiB and at each doubling, and once when it is gone', async () => {
    const { socket, id, peer } = await connected();
    peer.socket.pause();
    const calls: number[] = [];
    const drained = new Signal();
    socket.warning(id, (which, kilobytes) => {
      expect(which).toBe(id);
      calls.push(kilobytes);
      if (kilobytes === 0) drained.resolve();
    });
    const piece = Buffer.alloc(64 * 1024);
    for (let i = 0; i < 80; i++) socket.write(id, piece);
    peer.socket.resume();
    await drained.promise;
    expect(calls).toEqual([1024, 2048, 4096, 0]);
  });

  test('without a callback the warning is a log line', async () => {
    const { node, socket, id, peer } = await connected();
    socket.write(id, Buffer.alloc(1024 * 1024));
    await node.logged(`WARNING: 1024 K bytes need to send out (fd = ${id})`);
    await peer.until(({ received }) => received.length === 1024 * 1024);
  });

  test('a peer that takes nothing loses the connection at the limit', async () => {
    const { node, socket, id, peer } = await connected({ writeLimit: 2 << 20 });
    peer.socket.pause();
    const piece = Buffer.alloc(256 * 1024);
    let taken = 0;
    while (socket.write(id, piece)) taken += 1;
    expect(taken).toBe(9);
    expect(socket.failure(id)?.code).toBe('ERR_SOCKET_BACKLOG');
    await node.logged(`over the limit, closed (fd = ${id})`);
    expect(await socket.read(id)).toEqual([undefined, '']);
  });
});

describe('closing', () => {
  test('what was written is sent first', async () => {
    const { socket, id, peer } = await connected();
    const much = Buffer.alloc(3 << 20, 'x');
    socket.write(id, much);
    await socket.close(id);
    await peer.until(({ ended }) => ended);
    expect(peer.received.equals(much)).toBe(true);
  });

  test('a reader gets the end and what was there, and has run when close is done', async () => {
    const { skynet, socket, id, peer } = await connected();
    const order: string[] = [];
    const done = new Signal();
    skynet.fork(async () => {
      const [line, rest] = await socket.readLine(id);
      order.push(`reader ${line} ${rest}`);
    });
    peer.write('half');
    await unread(socket, id, 4);
    skynet.fork(async () => {
      await socket.close(id);
      order.push('closed');
      done.resolve();
    });
    await done.promise;
    expect(order).toEqual(['reader undefined half', 'closed']);
  });

  test('closing twice, or what is not ours, does nothing', async () => {
    const { node, socket, id, peer } = await connected();
    const other = createSocket(await livingService(node));
    await other.close(id);
    socket.write(id, 'still here');
    await peer.receives('still here');
    await socket.close(id);
    await socket.close(id);
    await socket.close(424242);
  });

  test('closeFd is for ids this service has not started', async () => {
    const { socket, id, peer } = await accepted();
    socket.closeFd(id);
    await peer.until(({ ended }) => ended);
    socket.closeFd(id);
    const second = await connected();
    expect(() => second.socket.closeFd(second.id)).toThrow('Use socket.close instead');
  });

  test('closeFd from elsewhere ends the reader of the service that has the id', async () => {
    const { node, socket, id, peer } = await connected();
    const reading = socket.read(id);
    createSocket(await livingService(node)).closeFd(id);
    expect(await reading).toEqual([undefined, '']);
    await peer.until(({ ended }) => ended);
    expect(socket.write(id, 'x')).toBe(false);
    expect(socket.disconnected(id)).toBe(true);
    await socket.close(id);
    expect(socket.invalid(id)).toBe(true);
  });

  test('shutdown cuts off, ends the reader, and the id is still there to be closed', async () => {
    const { socket, id, peer } = await connected();
    peer.socket.pause();
    socket.write(id, Buffer.alloc(8 << 20));
    const reading = socket.read(id);
    socket.shutdown(id);
    expect(socket.write(id, 'x')).toBe(false);
    expect(await reading).toEqual([undefined, '']);
    expect(socket.disconnected(id)).toBe(true);
    await socket.close(id);
    expect(socket.netstat().filter(({ id: row }) => row === id)).toEqual([]);
    peer.socket.resume();
    await peer.until(({ closed, ended }) => closed || ended);
    expect(peer.received.length).toBeLessThan(8 << 20);
  });

  test('onClose is called once, for either side', async () => {
    const { socket, id, peer } = await connected();
    const calls: unknown[] = [];
    const called = new Signal();
    socket.onClose(id, (...args) => {
      calls.push(args.slice(0, 2));
      called.resolve();
    });
    peer.end();
    await called.promise;
    await socket.close(id);
    const second = await connected();
    const closed = new Signal<number>();
    second.socket.onClose(second.id, (which) => closed.resolve(which));
    await second.socket.close(second.id);
    expect(await closed.promise).toBe(second.id);
    expect(calls).toEqual([[id, undefined]]);
  });

  test('a broken connection: log line, failure, the end for readers, no more writes', async () => {
    const { node, socket, id, peer } = await connected();
    const failed = new Signal<string | undefined>();
    socket.onClose(id, (_id, failure) => failed.resolve(failure?.code));
    const reading = socket.read(id);
    peer.socket.resetAndDestroy();
    expect(await reading).toEqual([undefined, '']);
    expect(await failed.promise).toBe('ERR_CONNECTION_RESET');
    await node.logged(`socket: error on ${id} Connection reset by peer`);
    expect(socket.write(id, 'x')).toBe(false);
    expect(socket.failure(id)?.code).toBe('ERR_CONNECTION_RESET');
  });

  test('the sockets of a service are closed when it ends, listener and half-read connections too', async () => {
    const node = await testNode();
    const skynet = await livingService(node);
    const socket = createSocket(skynet);
    const listener = await socket.listen('127.0.0.1', 0);
    const { port } = socket.localAddress(listener);
    const started = new Signal();
    await socket.start(listener, async (id) => {
      await socket.start(id);
      socket.write(id, 'bye');
      skynet.fork(() => socket.read(id));
      started.resolve();
    });
    const peer = await client(port);
    await started.promise;
    const watcher = createSocket(await livingService(node));
    watcher.netstat();
    await node.run((visitor) => visitor.kill(skynet.self()));
    await peer.until(({ ended }) => ended);
    expect(peer.received.toString()).toBe('bye');
    await expect(client(port)).rejects.toThrow('ECONNREFUSED');
    peer.end();
    while (watcher.netstat().length > 0) await new Promise(setImmediate);
  });

  test('a service that ends while it connects leaves nothing behind', async () => {
    const { node, socket, port, listener } = await accepted();
    const skynet = await livingService(node);
    const other = createSocket(skynet);
    skynet.fork(() => other.open('127.0.0.1', port));
    skynet.fork(() => other.listen('127.0.0.1', 0));
    skynet.fork(() => other.udp(() => {}));
    skynet.fork(() => skynet.exit());
    const arrived = new Signal<number>();
    await socket.pause(listener);
    await socket.start(listener, (id) => arrived.resolve(id));
    const id = await arrived.promise;
    await socket.start(id);
    expect((await socket.read(id))[0]).toBeUndefined();
    const handle = skynet.address(skynet.self());
    expect(socket.netstat().filter(({ address }) => skynet.address(address) === handle)).toEqual([]);
  });

  test('a peer that takes nothing does not hold a closed socket for ever', async () => {
    const { socket, id, peer } = await connected({ closeTimeout: '1s' });
    peer.socket.pause();
    socket.write(id, Buffer.alloc(16 << 20));
    await socket.close(id);
    expect(socket.netstat().find((row) => row.id === id)?.type).toBe('CLOSING');
    while (socket.netstat().some((row) => row.id === id)) await new Promise(setImmediate);
  });

  test('stopping the node closes what nobody has started', async () => {
    const { node, peer } = await accepted();
    await node.stop();
    await peer.until(({ ended }) => ended);
  });

  test('stopping the node sends what was written', async () => {
    const { node, socket, id, peer } = await connected();
    socket.write(id, 'last words');
    await node.stop();
    await peer.until(({ ended }) => ended);
    expect(peer.received.toString()).toBe('last words');
  });
});

describe('handing over', () => {
  test('abandon here, start there; unread data goes along', async () => {
    const { node, socket, id, peer } = await connected();
    peer.write('one\ntwo\nth');
    await unread(socket, id, 10);
    expect(await socket.readLine(id)).toEqual(['one', undefined]);
    socket.abandon(id);
    expect(socket.invalid(id)).toBe(true);
    peer.write('ree\n');
    const other = createSocket(await livingService(node));
    await other.start(id);
    expect(await other.readLine(id)).toEqual(['two', undefined]);
    expect(await other.readLine(id)).toEqual(['three', undefined]);
    other.write(id, 'got it');
    expect(await peer.receives('got it')).toBe('got it');
    expect(await codeOf(() => socket.read(id))).toBe('ERR_SOCKET_ID');
  });

  test('an abandoned socket is not read', async () => {
    const { socket, id, peer } = await connected();
    const other = await connected();
    socket.abandon(id);
    peer.write('nobody wants this');
    other.peer.write('this one is read');
    await other.socket.read(other.id);
    expect(socket.netstat().find((row) => row.id === id)).toMatchObject({ read: 0, address: 0 });
  });

  test('a reader is let go when its socket is abandoned', async () => {
    const { socket, id, peer } = await connected();
    const reading = socket.readLine(id);
    peer.write('abc');
    await unread(socket, id, 3);
    socket.abandon(id);
    expect(await reading).toEqual([undefined, '']);
    await socket.start(id);
    expect(await socket.read(id)).toEqual(['abc', undefined]);
  });

  test('start takes the socket from the service that had it', async () => {
    const { node, socket, id, peer } = await connected();
    const reading = socket.read(id);
    const other = createSocket(await livingService(node));
    await other.start(id);
    expect(await reading).toEqual([undefined, '']);
    peer.write('x');
    expect(await other.read(id)).toEqual(['x', undefined]);
    expect(socket.invalid(id)).toBe(true);
  });

  test('the service that gave it away may end', async () => {
    const { node, skynet, socket, id, peer } = await connected();
    socket.abandon(id);
    await node.run((visitor) => visitor.kill(skynet.self()));
    const other = createSocket(await livingService(node));
    await other.start(id);
    other.write(id, 'alive');
    expect(await peer.receives('alive')).toBe('alive');
  });

  test('a listening id is handed over too, and closed when nobody takes it', async () => {
    const { node, socket, listener, port } = await accepted({ claimTimeout: '2s' });
    socket.abandon(listener);
    const other = createSocket(await livingService(node));
    const arrived = new Signal<number>();
    await other.start(listener, (id) => arrived.resolve(id));
    const peer = await client(port);
    other.write(await arrived.promise, 'elsewhere');
    expect(await peer.receives('elsewhere')).toBe('elsewhere');
    other.abandon(listener);
    await node.logged(`socket: nobody started ${listener}`);
    await expect(client(port)).rejects.toThrow('ECONNREFUSED');
  });

  test('an id nobody starts is closed', async () => {
    const { node, id, peer, socket } = await accepted({ claimTimeout: '20ms' });
    await peer.until(({ closed, ended }) => closed || ended);
    await node.logged(`socket: nobody started ${id}`);
    expect(await codeOf(() => socket.start(id))).toBe('ERR_SOCKET_ID');
  });

  test('a dead socket with nothing left to read can not be started', async () => {
    const { socket, id, peer } = await connected();
    peer.socket.resetAndDestroy();
    await socket.read(id);
    while (socket.failure(id) === undefined) await new Promise(setImmediate);
    await new Promise(setImmediate);
    socket.abandon(id);
    expect(await codeOf(() => socket.start(id))).toBe('ERR_CONNECTION_CLOSED');
    expect(await codeOf(() => socket.start(id))).toBe('ERR_SOCKET_ID');
  });
});

describe('limits', () => {
  test('a socket nobody reads stops reading, and goes on with the next reader', async () => {
    const { node, socket, id, peer } = await connected({ encoding: 'bytes' });
    const total = 2 << 20;
    peer.end(Buffer.alloc(total, 'x'));
    await node.logged(`Pause socket (${id}) size : `);
    const held = socket.netstat().find((row) => row.id === id)?.rbuffer ?? 0;
    expect(held).toBeGreaterThan(128 * 1024);
    expect(held).toBeLessThan(512 * 1024);
    let read = 0;
    for (;;) {
      const [data] = await socket.read(id);
      if (data === undefined) break;
      read += data.length;
    }
    expect(read).toBe(total);
    await node.logged(`Resume socket (${id})`);
  });

  test('readAll is not stopped by the pause', async () => {
    const { socket, id, peer } = await connected({ encoding: 'bytes' });
    const reading = socket.readAll(id);
    peer.end(Buffer.alloc(1 << 20, 'x'));
    expect((await reading)?.length).toBe(1 << 20);
  });

  test('pause stops reading until somebody waits', async () => {
    const { node, socket, id, peer } = await connected();
    await socket.pause(id);
    await node.logged(`Pause socket (${id})`);
    peer.write('x');
    expect(await socket.read(id)).toEqual(['x', undefined]);
    await node.logged(`Resume socket (${id})`);
  });

  test('limit closes when too much lies unread', async () => {
    const { node, socket, id, peer } = await connected();
    socket.limit(id, 1000);
    peer.write(Buffer.alloc(2000, 'x'));
    await node.logged(`socket buffer overflow: fd=${id} size=2000`);
    expect(socket.failure(id)?.code).toBe('ERR_SOCKET_OVERFLOW');
    await peer.until(({ closed, ended }) => closed || ended);
  });

  test('limit does not count while a number of bytes is read', async () => {
    const { socket, id, peer } = await connected();
    socket.limit(id, 1000);
    const reading = socket.read(id, 3000);
    peer.write(Buffer.alloc(3000, 'x'));
    expect((await reading)[0]?.length).toBe(3000);
  });

  test('a line without end is cut off at readLimit', async () => {
    const { node, socket, id, peer } = await connected({ readLimit: 200_000 });
    const reading = socket.readLine(id);
    peer.write(Buffer.alloc(300_000, 'x'));
    const [line, rest] = await reading;
    expect(line).toBeUndefined();
    expect(rest?.length).toBeGreaterThan(200_000);
    await node.logged(`socket buffer overflow: fd=${id}`);
    expect(socket.failure(id)?.code).toBe('ERR_SOCKET_OVERFLOW');
  });

  test('a silent connection is closed after idleTimeout', async () => {
    const { node, socket, id } = await connected({ idleTimeout: '30ms' });
    expect(await socket.read(id)).toEqual([undefined, '']);
    expect(socket.failure(id)?.code).toBe('ERR_SOCKET_IDLE');
    await node.logged(`socket: ${id} was idle for 0.03 s, closed`);
  });
});

describe('questions', () => {
  test('netstat shows every kind of socket', async () => {
    const { skynet, socket, id, listener, peer, port } = await connected();
    peer.write('abc');
    await unread(socket, id, 3);
    socket.write(id, 'hello');
    const udp = await socket.udp(() => {}, '127.0.0.1');
    const rows = socket.netstat();
    expect(rows.find((row) => row.id === listener)).toMatchObject({
      type: 'LISTEN',
      read: 1,
      sock: `127.0.0.1:${port}`,
      address: skynet.self(),
    });
    expect(rows.find((row) => row.id === id)).toMatchObject({
      type: 'TCP',
      read: 3,
      rbuffer: 3,
      write: 5,
      address: skynet.self(),
    });
    expect(rows.find((row) => row.id === udp)).toMatchObject({ type: 'UDP', peer: undefined });
  });

  test('resolve and header', async () => {
    const { socket } = await accepted();
    expect(await socket.resolve('127.0.0.1')).toEqual(['127.0.0.1']);
    expect(await socket.resolve('localhost')).toContain('127.0.0.1');
    await expect(socket.resolve('')).rejects.toMatchObject({ code: 'ERR_ADDRESS_INVALID' });
    expect(socket.header(Buffer.from([1, 2]))).toBe(258);
    expect(socket.header(Buffer.from([0xff, 0xff, 0xff, 0xff]))).toBe(0xffffffff);
    expect(socket.header('\udcff\u0001')).toBe(0xff01);
    for (const bad of [Buffer.alloc(0), Buffer.alloc(5), 7 as unknown as string]) {
      expect(await codeOf(() => socket.header(bad))).toBe('ERR_SOCKET_DATA');
    }
  });
});
