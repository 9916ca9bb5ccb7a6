import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { isSkynetError } from '../errors.ts';
import {
  BACKLOG_MARK,
  type Connection,
  type Listener,
  type ListenOptions,
  type Transports,
} from '../transport/contract.ts';
import { RecordingReceiver } from './recording-receiver.ts';

/** What the suite needs of a test runner; vitest's `describe` and `it` fit, as do those of `node:test`. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** What is tested. Made anew for every test. */
export interface TransportFixture {
  transports: Transports;
  /** An address to listen on, free: port 0, or a new path or name. */
  address: string;
  /** How a handshake begins, for transports over TCP that have one in front of their bytes. */
  handshake?: Uint8Array;
  /** Whether peers are proxies, whose connections count for an address only when they have told it. */
  proxied?: boolean;
  dispose?(): Promise<void> | void;
}

/** One end, with what it heard. */
interface End {
  connection: Connection;
  heard: RecordingReceiver;
}

/** A fixture with what a test opened, all of which is closed at its end. */
class World {
  readonly transports: Transports;
  readonly address: string;
  readonly handshake: Uint8Array | undefined;
  readonly proxied: boolean;
  readonly #dispose: () => Promise<void> | void;
  readonly #listeners: Listener[] = [];
  readonly #connections: Connection[] = [];
  readonly #strangers: Socket[] = [];

  constructor(fixture: TransportFixture) {
    this.transports = fixture.transports;
    this.address = fixture.address;
    this.handshake = fixture.handshake;
    this.proxied = fixture.proxied ?? false;
    this.#dispose = fixture.dispose?.bind(fixture) ?? ((): void => {});
  }

  async listen(
    accept: (connection: Connection) => void,
    options: ListenOptions = {},
    address: string = this.address,
  ): Promise<Listener> {
    const listener = await this.transports.listen(address, options, (connection) => {
      this.#connections.push(connection);
      accept(connection);
    });
    this.#listeners.push(listener);
    return listener;
  }

  async connect(address: string): Promise<Connection> {
    const connection = await this.transports.connect(address);
    this.#connections.push(connection);
    return connection;
  }

  /** Connects, started; where the listener turns clients away before they are through, undefined. */
  async visit(address: string): Promise<End | undefined> {
    try {
      const connection = await this.connect(address);
      const heard = new RecordingReceiver();
      connection.start(heard);
      return { connection, heard };
    } catch (error) {
      if (isSkynetError(error, 'ERR_CONNECT')) return undefined;
      throw error;
    }
  }

  /** The same, and waits for the first word of a listener that greets; undefined without one. */
  async welcomed(address: string): Promise<End | undefined> {
    const guest = await this.visit(address);
    await guest?.heard.until('a word', () => guest.heard.received > 0 || guest.heard.events.length > 0);
    return (guest?.heard.received ?? 0) > 0 ? guest : undefined;
  }

  /** A TCP connection that says nothing by itself. */
  async stranger({ port }: Listener): Promise<{ socket: Socket; closed: Promise<unknown>[] }> {
    const socket = connectTcp(port, '127.0.0.1');
    this.#strangers.push(socket);
    socket.on('error', () => {}).resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await once(socket, 'connect');
    // In a list, so that nobody waits for it here.
    return { socket, closed: [closed] };
  }

  /** Both ends of a connection, started. `late` leaves the accepted one to the test. */
  async pair(late?: 'late'): Promise<[End, End, Listener]> {
    const accepted = withResolvers<Connection>();
    const listener = await this.listen((connection) => accepted.resolve(connection));
    const client = await this.connect(listener.url);
    const server = await accepted.promise;
    const heard: [RecordingReceiver, RecordingReceiver] = [new RecordingReceiver(), new RecordingReceiver()];
    client.start(heard[0]);
    if (late === undefined) server.start(heard[1]);
    return [{ connection: client, heard: heard[0] }, { connection: server, heard: heard[1] }, listener];
  }

  async dispose(): Promise<void> {
    for (const socket of this.#strangers) socket.destroy();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    for (const connection of this.#connections) {
      if (connection.closed) continue;
      const heard = new RecordingReceiver();
      connection.start(heard);
      connection.destroy();
      await heard.event('closed');
    }
    await this.#dispose();
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((yes) => {
    resolve = yes;
  });
  return { promise, resolve };
}

function pattern(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

/** Connects again and again and resets at once, while this thread is held up; so nobody has accepted these yet. */
function comeAndGo(port: number, times: number): void {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { connect } = require('node:net');
    const { workerData: { port, times, done } } = require('node:worker_threads');
    const next = (left) => {
      if (left === 0) { Atomics.store(done, 0, 1); Atomics.notify(done, 0); return; }
      const socket = connect(port, '127.0.0.1', () => socket.resetAndDestroy());
      socket.on('error', () => {}).once('close', () => next(left - 1));
    };
    next(times);`,
    { eval: true, workerData: { port, times, done } },
  );
  assert.notEqual(Atomics.wait(done, 0, 0, 10_000), 'timed-out', 'the visitors did not come');
  void worker.terminate();
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Asserts that what was received is exactly that, without printing megabytes. */
function same(received: Uint8Array, expected: Uint8Array): void {
  assert.equal(received.length, expected.length);
  assert.equal(Buffer.compare(received, expected), 0, 'the bytes differ');
}

/**
 * Holds a transport to its contract. One call declares the whole suite:
 * `transportCompliance('tcp', () => ({ transports: createTransports([tcp()]), address: 'tcp://127.0.0.1:0' }), { describe, it })`.
 */
export function transportCompliance(
  name: string,
  setup: () => TransportFixture | Promise<TransportFixture>,
  runner: TestRunner,
): void {
  const test = (title: string, body: (world: World) => Promise<void>): void => {
    runner.it(title, async () => {
      const world = new World(await setup());
      try {
        await body(world);
      } finally {
        await world.dispose();
      }
    });
  };

  runner.describe(`transport compliance: ${name}`, () => {
    test('carries bytes both ways, in order', async (world) => {
      const [client, server] = await world.pair();
      const expected = pattern(300_000);
      for (let at = 0, size = 1; at < expected.length; at += size, size = (size * 7 + 3) % 5000) {
        const piece = expected.slice(at, at + size);
        client.connection.write(piece);
        server.connection.write(piece);
        if (size % 5 === 0) await turn();
      }
      same(await server.heard.size(expected.length), expected);
      same(await client.heard.size(expected.length), expected);
      assert.deepEqual([...client.heard.events, ...server.heard.events], []);
    });

    test('tells both ends the same addresses', async (world) => {
      const [client, server] = await world.pair();
      assert.equal(client.connection.remoteAddress, server.connection.localAddress);
      assert.equal(server.connection.remoteAddress, client.connection.localAddress);
      assert.notEqual(server.connection.remoteAddress, '');
    });

    test('sends the writes of one turn together', async (world) => {
      const [client, server] = await world.pair();
      for (let i = 0; i < 1000; i++) client.connection.write(text(`${i % 10}`.repeat(10)));
      assert.equal(client.connection.pendingBytes, 10_000);
      await server.heard.size(10_000);
      assert.ok(server.heard.chunks < 20, `1000 writes came in ${server.heard.chunks} chunks`);
      while (client.connection.pendingBytes > 0) await turn();
    });

    test('keeps bytes that are written once and not changed, small and large', async (world) => {
      const [client, server] = await world.pair();
      const sizes = [1, 20_000, 3, 5_000_000, 100, 16_384, 16_383, 70_000, 0, 7];
      const pieces = sizes.map((size, i) => pattern(size, i + 1));
      for (const piece of pieces) client.connection.write(piece);
      const expected = Buffer.concat(pieces);
      same(await server.heard.size(expected.length), expected);
    });

    test('copies small writes, so that their memory can be used again', async (world) => {
      const [client, server] = await world.pair();
      const scratch = new Uint8Array(100);
      for (let i = 0; i < 10; i++) client.connection.write(scratch.fill(i));
      scratch.fill(255);
      const received = await server.heard.size(1000);
      for (let i = 0; i < 10; i++) assert.equal(received[i * 100 + 50], i);
    });

    test('writes frames with a length of two or four bytes in front', async (world) => {
      const [client, server] = await world.pair();
      const large = pattern(65_535);
      client.connection.writeFrame(text('ab'), 2);
      client.connection.writeFrame(new Uint8Array(0), 2);
      client.connection.writeFrame(large, 2);
      client.connection.writeFrame(text('cd'), 4);
      client.connection.writeFrame(large, 4);
      const expected = Buffer.concat([
        Uint8Array.of(0, 2, 97, 98, 0, 0, 255, 255),
        large,
        Uint8Array.of(0, 0, 0, 2, 99, 100, 0, 0, 255, 255),
        large,
      ]);
      same(await server.heard.size(expected.length), expected);
    });

    test('refuses what is not bytes, and a frame that does not fit its header', async (world) => {
      const [client, server] = await world.pair();
      const word = 'text' as unknown as Uint8Array;
      assert.throws(
        () => client.connection.write(word),
        (error) => isSkynetError(error, 'ERR_ARGUMENT'),
      );
      assert.throws(
        () => client.connection.writeFrame(word, 2),
        (error) => isSkynetError(error, 'ERR_ARGUMENT'),
      );
      const large = new Uint8Array(65_536);
      assert.throws(
        () => client.connection.writeFrame(large, 2),
        (error) => isSkynetError(error, 'ERR_FRAME_TOO_LARGE'),
      );
      assert.equal(client.connection.pendingBytes, 0);
      client.connection.writeFrame(large, 4);
      await server.heard.size(65_540);
    });

    test('reads nothing before it is started', async (world) => {
      const [client, server] = await world.pair('late');
      client.connection.write(text('early'));
      for (let i = 0; i < 5; i++) await turn();
      assert.equal(server.heard.received, 0);
      server.connection.start(server.heard);
      assert.equal((await server.heard.size(5)).toString(), 'early');
    });

    test('stops reading while it is paused, and loses nothing', async (world) => {
      const [client, server] = await world.pair();
      client.connection.write(text('one'));
      await server.heard.size(3);
      server.connection.pause();
      client.connection.write(text('two'));
      // A second connection shows that the bytes had time to arrive.
      for (let i = 0; i < 20; i++) await turn();
      assert.equal(server.heard.received, 3);
      server.connection.resume();
      assert.equal((await server.heard.size(6)).toString(), 'onetwo');
    });

    test('can be paused from within data', async (world) => {
      const [client, server] = await world.pair();
      server.heard.onData = () => server.connection.pause();
      client.connection.write(text('a'));
      await server.heard.size(1);
      client.connection.write(text('b'));
      for (let i = 0; i < 20; i++) await turn();
      assert.equal(server.heard.received, 1);
      server.connection.resume();
      await server.heard.size(2);
    });

    test('goes over to another receiver without losing a byte', async (world) => {
      const [client, server] = await world.pair();
      client.connection.write(text('first'));
      await server.heard.size(5);
      server.connection.pause();
      client.connection.write(text('second'));
      for (let i = 0; i < 5; i++) await turn();
      const next = new RecordingReceiver();
      server.connection.start(next);
      assert.equal((await next.size(6)).toString(), 'second');
      assert.equal(server.heard.received, 5);
      client.connection.destroy();
      await next.until('the end', () => next.events.length > 0);
      assert.deepEqual(server.heard.events, []);
    });

    test('changes hands again and again while bytes come, and loses none', async (world) => {
      const [client, server] = await world.pair('late');
      const expected = pattern(3_000_000);
      const all = new RecordingReceiver();
      let hands = 0;
      const next = (): RecordingReceiver => {
        const receiver = new RecordingReceiver();
        const mine = ++hands;
        receiver.onData = (chunk) => {
          assert.equal(mine, hands, 'bytes came to a receiver that had handed over');
          all.data(chunk);
          server.connection.pause();
          if (mine % 3 === 0) server.connection.start(next());
          else if (mine % 3 === 1) setImmediate(() => server.connection.start(next()));
          else {
            setImmediate(() => server.connection.resume());
            receiver.onData = (more) => {
              all.data(more);
              server.connection.start(next());
            };
          }
        };
        receiver.end = () => all.end();
        return receiver;
      };
      server.connection.start(next());
      for (let at = 0; at < expected.length; at += 30_000) {
        client.connection.write(expected.subarray(at, at + 30_000));
        await turn();
      }
      client.connection.end();
      await all.event('end');
      same(all.bytes, expected);
      assert.ok(hands > 10, `${hands} receivers`);
    });

    test('ends one direction and goes on in the other', async (world) => {
      const [client, server] = await world.pair();
      client.connection.write(text('request'));
      client.connection.end();
      client.connection.write(text('ignored'));
      await server.heard.event('end');
      assert.equal(server.heard.bytes.toString(), 'request');
      assert.equal(server.connection.closed, false);
      server.connection.write(text('answer'));
      assert.equal((await client.heard.size(6)).toString(), 'answer');
      assert.equal(client.connection.closed, false);
      server.connection.end();
      await Promise.all([client.heard.event('closed'), server.heard.event('closed')]);
      assert.deepEqual(client.heard.events, ['end', 'closed']);
      assert.deepEqual(server.heard.events, ['end', 'closed']);
    });

    test('tells a receiver that comes late of the end', async (world) => {
      const [client, server] = await world.pair();
      client.connection.end();
      await server.heard.event('end');
      const next = new RecordingReceiver();
      server.connection.start(next);
      assert.deepEqual(next.events, []);
      await next.event('end');
      server.connection.start(next);
      server.connection.write(text('still open'));
      await client.heard.size(10);
      assert.deepEqual(next.events, ['end']);
    });

    test('lets a slow reader be felt, and tells when all has gone', async (world) => {
      const [client, server] = await world.pair('late');
      const piece = pattern(256 * 1024);
      // More than any system buffers for a connection.
      const count = 256;
      for (let i = 0; i < count; i++) client.connection.write(piece);
      await turn();
      assert.ok(
        client.connection.pendingBytes > BACKLOG_MARK,
        `${client.connection.pendingBytes} bytes pending`,
      );
      assert.deepEqual(client.heard.events, []);
      server.connection.start(server.heard);
      await client.heard.event('drained');
      assert.equal(client.connection.pendingBytes, 0);
      const received = await server.heard.size(count * piece.length);
      for (let i = 0; i < count; i++)
        same(received.subarray(i * piece.length, (i + 1) * piece.length), piece);
      assert.deepEqual(client.heard.events, ['drained']);
    });

    test('sends what is pending before it closes', async (world) => {
      const [client, server] = await world.pair();
      const bytes = pattern(8_000_000);
      client.connection.write(bytes);
      client.connection.close();
      client.connection.close();
      await server.heard.event('end');
      same(server.heard.bytes, bytes);
      await client.heard.event('closed');
      assert.equal(client.connection.closed, true);
      server.connection.close();
      await server.heard.event('closed');
      assert.deepEqual(client.heard.events, ['closed']);
      assert.equal(client.connection.pendingBytes, 0);
    });

    test('loses nothing that was written before it closes, though bytes of the peer are unread', async (world) => {
      const [client, server] = await world.pair('late');
      const bytes = pattern(8_000_000);
      client.connection.write(pattern(100_000));
      for (let i = 0; i < 20; i++) await turn();
      client.connection.pause();
      server.connection.write(bytes);
      server.connection.close();
      client.connection.write(pattern(100_000));
      for (let i = 0; i < 20; i++) await turn();
      client.connection.resume();
      await client.heard.event('end');
      same(client.heard.bytes, bytes);
    });

    test('throws away what comes after it was closed', async (world) => {
      const [client, server] = await world.pair();
      client.connection.pause();
      server.connection.write(pattern(8_000_000));
      server.connection.close();
      client.connection.write(text('too late'));
      for (let i = 0; i < 20; i++) await turn();
      client.connection.resume();
      await server.heard.event('closed');
      assert.equal(server.heard.received, 0);
      assert.deepEqual(server.heard.events, ['closed']);
    });

    test('closes even while the peer goes on sending', async (world) => {
      const [client, server] = await world.pair();
      client.heard.onData = () => client.connection.write(pattern(1000));
      server.heard.onData = (chunk) => server.connection.write(chunk.slice());
      client.connection.write(pattern(1000));
      await server.heard.size(10_000);
      server.connection.close();
      const seen = server.heard.received;
      await server.heard.event('closed');
      await client.heard.until('the end', () => client.heard.events.length > 0);
      assert.deepEqual(server.heard.events, ['closed']);
      assert.equal(server.heard.received, seen);
    });

    test('is cut off when the peer does not take what is pending in time', async (world) => {
      const [client] = await world.pair('late');
      for (let i = 0; i < 256; i++) client.connection.write(pattern(256 * 1024));
      await turn();
      client.connection.close(50);
      await client.heard.event('closed');
      assert.deepEqual(client.heard.events, ['closed']);
      assert.equal(client.connection.pendingBytes, 0);
    });

    test('is over at once when it is destroyed, and says so afterwards', async (world) => {
      const [client, server] = await world.pair();
      client.connection.write(text('lost'));
      client.connection.destroy();
      client.connection.destroy();
      assert.equal(client.connection.closed, true);
      assert.equal(client.connection.pendingBytes, 0);
      assert.deepEqual(client.heard.events, []);
      await client.heard.event('closed');
      await server.heard.event('end');
      client.connection.write(text('ignored'));
      client.connection.writeFrame(text('ignored'), 2);
      client.connection.end();
      client.connection.close();
      client.connection.pause();
      client.connection.resume();
      assert.equal(client.connection.pendingBytes, 0);
      await turn();
      assert.deepEqual(client.heard.events, ['closed']);
      assert.equal(server.heard.received, 0);
    });

    test('tells a receiver that comes after the end that it is closed', async (world) => {
      const [client] = await world.pair();
      client.connection.destroy();
      await client.heard.event('closed');
      const late = new RecordingReceiver();
      client.connection.start(late);
      assert.deepEqual(late.events, []);
      await late.event('closed');
      await turn();
      assert.deepEqual(late.events, ['closed']);
    });

    test('calls a receiver only from the event loop', async (world) => {
      const [client, server] = await world.pair();
      let depth = 0;
      let nested = 0;
      const inside = (receiver: RecordingReceiver, other: Connection): void => {
        for (const method of ['data', 'end', 'drained', 'closed'] as const) {
          const original = receiver[method].bind(receiver) as (chunk: Uint8Array) => void;
          receiver[method] = (chunk?: Uint8Array) => {
            if (depth++ > 0) nested += 1;
            original(chunk as Uint8Array);
            if (method === 'data') {
              other.write(text('x'));
              other.end();
            }
            depth -= 1;
          };
        }
      };
      inside(client.heard, client.connection);
      inside(server.heard, server.connection);
      client.connection.write(text('go'));
      await Promise.all([client.heard.event('closed'), server.heard.event('closed')]);
      assert.equal(nested, 0);
    });

    test('reports a peer that went away with bytes unread', async (world) => {
      const [client, server] = await world.pair('late');
      client.connection.write(text('never read'));
      for (let i = 0; i < 20; i++) await turn();
      server.connection.destroy();
      // Some systems tell at once, some when something is written.
      const timer = setInterval(() => client.connection.write(text('more')), 1);
      await client.heard.event('closed').finally(() => clearInterval(timer));
      assert.deepEqual(
        client.heard.events.filter((event) => event !== 'end'),
        ['error ERR_CONNECTION_RESET', 'closed'],
      );
      assert.match(client.heard.errors[0]?.message ?? '', /reset|Broken pipe|closed/);
    });

    test('refuses to connect where nobody listens', async (world) => {
      const listener = await world.listen(() => {});
      await listener.close();
      await assert.rejects(world.transports.connect(listener.url), (error) => {
        assert.ok(isSkynetError(error, 'ERR_CONNECT'), String(error));
        assert.match(error.message, /^(Connection refused|No such file or directory)$/);
        return true;
      });
    });

    test('gives up connecting when it is told to', async (world) => {
      const listener = await world.listen(() => {});
      await assert.rejects(world.transports.connect(listener.url, { signal: AbortSignal.abort() }), (error) =>
        isSkynetError(error, 'ERR_ABORTED'),
      );
    });

    test('refuses to listen on an address that is taken, and says so', async (world) => {
      const listener = await world.listen(() => {});
      await assert.rejects(
        world.transports.listen(listener.url, {}, () => {}),
        (error) => {
          assert.ok(isSkynetError(error, 'ERR_LISTEN'), String(error));
          assert.match(error.message, /^Listen error: .* is already in use$/);
          return true;
        },
      );
    });

    test('frees the address when it stops listening; connections live on', async (world) => {
      const [client, server, listener] = await world.pair();
      await listener.close();
      client.connection.write(text('alive'));
      assert.equal((await server.heard.size(5)).toString(), 'alive');
      const accepted = withResolvers<Connection>();
      const again = await world.listen(accepted.resolve, {}, listener.url);
      assert.equal(again.url, listener.url);
      await world.connect(again.url);
      assert.equal((await accepted.promise).closed, false);
    });

    test('holds back connections while the listener is paused', async (world) => {
      const accepted: Connection[] = [];
      const all = withResolvers<void>();
      const listener = await world.listen((connection) => {
        accepted.push(connection);
        if (accepted.length === 3) all.resolve();
      });
      listener.pause();
      for (const word of ['a', 'b', 'c']) (await world.connect(listener.url)).write(text(word));
      for (let i = 0; i < 20; i++) await turn();
      assert.equal(accepted.length, 0);
      listener.resume();
      await all.promise;
      const words = await Promise.all(
        accepted.map(async (connection) => {
          const heard = new RecordingReceiver();
          connection.start(heard);
          return (await heard.size(1)).toString();
        }),
      );
      assert.deepEqual(words.sort(), ['a', 'b', 'c']);
    });

    test('keeps no more connections than the backlog while the listener is paused', async (world) => {
      const accepted: Connection[] = [];
      const listener = await world.listen((connection) => accepted.push(connection), { backlog: 2 });
      listener.pause();
      const heard: RecordingReceiver[] = [];
      for (let i = 0; i < 4; i++) {
        const connection = await world.connect(listener.url);
        const receiver = new RecordingReceiver();
        connection.start(receiver);
        heard.push(receiver);
      }
      const over = (receiver: RecordingReceiver): boolean => receiver.events.length > 0;
      await Promise.all(
        heard.slice(2).map((receiver) => receiver.until('the refusal', () => over(receiver))),
      );
      listener.resume();
      await turn();
      assert.equal(accepted.length, 2);
    });

    for (const option of ['maxConnections', 'maxPerAddress'] as const) {
      test(`holds no more connections than ${option} says, tells, and takes others when some are gone`, async (world) => {
        const accepted: End[] = [];
        const reasons: unknown[] = [];
        const listener = await world.listen(
          (connection) => {
            const heard = new RecordingReceiver();
            connection.start(heard);
            connection.write(text('welcome'));
            accepted.push({ connection, heard });
          },
          {
            [option]: 2,
            onAcceptError: (error) => {
              assert.equal(error.code, 'ERR_LISTEN');
              reasons.push(error.details?.reason);
            },
          },
        );
        const guests: End[] = [];
        for (let i = 0; i < 2; i++) {
          const guest = await world.visit(listener.url);
          assert.ok(guest);
          assert.equal((await guest.heard.size(7)).toString(), 'welcome');
          guests.push(guest);
        }
        for (let i = 0; i < 3; i++) {
          const refused = await world.visit(listener.url);
          await refused?.heard.until('the refusal', () => refused.heard.events.length > 0);
        }
        assert.equal(accepted.length, 2);
        assert.deepEqual(reasons, [option]);
        assert.deepEqual(
          guests.map(({ heard }) => heard.events),
          [[], []],
        );
        // One ends by us, one by the client.
        accepted[0]?.connection.destroy();
        await accepted[0]?.heard.event('closed');
        guests[1]?.connection.destroy();
        await accepted[1]?.heard.event('end');
        accepted[1]?.connection.close();
        await accepted[1]?.heard.event('closed');
        for (let i = 0; i < 2; i++) {
          const guest = await world.visit(listener.url);
          assert.equal((await guest?.heard.size(7))?.toString(), 'welcome');
        }
        assert.equal(accepted.length, 4);
      });
    }

    test('does not hear of clients that were gone before they were accepted', async (world) => {
      const accepted: Connection[] = [];
      const listener = await world.listen((connection) => accepted.push(connection), { maxConnections: 1 });
      if (listener.port === 0) return;
      comeAndGo(listener.port, 20);
      // They count for nothing: there is room for the first who stays.
      for (let guest: End | undefined; guest === undefined || accepted.length === 0; ) {
        guest = await world.visit(listener.url);
        for (let i = 0; i < 20 && accepted.length === 0; i++) await turn();
      }
      for (const { remoteAddress } of accepted) assert.match(remoteAddress, /^127\.0\.0\.1:\d+$/);
      assert.equal(accepted.length, 1);
    });

    test('counts connections that wait while the listener is paused', async (world) => {
      const accepted: Connection[] = [];
      const listener = await world.listen((connection) => accepted.push(connection), { maxConnections: 2 });
      listener.pause();
      const guests: (End | undefined)[] = [];
      for (let i = 0; i < 4; i++) guests.push(await world.visit(listener.url));
      for (const refused of guests.slice(2))
        await refused?.heard.until('the refusal', () => refused.heard.events.length > 0);
      listener.resume();
      assert.equal(accepted.length, 2);
    });

    test('closes who is not through the handshake in time, however slowly it comes', async (world) => {
      const { handshake } = world;
      if (handshake === undefined) return;
      const reasons: unknown[] = [];
      const accepted: Connection[] = [];
      const listener = await world.listen((connection) => accepted.push(connection), {
        handshakeTimeout: 300,
        onAcceptError: (error) => reasons.push(error.details?.reason),
      });
      const guest = await world.visit(listener.url);
      const silent = await world.stranger(listener);
      const slow = await world.stranger(listener);
      let at = 0;
      const timer = setInterval(() => slow.socket.write(handshake.subarray(at, ++at)), 20);
      try {
        await Promise.all([...silent.closed, ...slow.closed]);
      } finally {
        clearInterval(timer);
      }
      assert.deepEqual(reasons, ['handshakeTimeout']);
      // Who was through in time stays.
      accepted[0]?.write(text('still here'));
      assert.equal((await guest?.heard.size(10))?.toString(), 'still here');
    });

    test('counts connections from their accept on, and lets none that is silent stand in the way', async (world) => {
      if (world.handshake === undefined) return;
      const accepted: Connection[] = [];
      const greet = (connection: Connection): void => {
        accepted.push(connection);
        connection.write(text('welcome'));
      };
      const listener = await world.listen(greet, { maxConnections: 3, handshakeTimeout: 0 });
      const strangers = [];
      for (let i = 0; i < 10; i++) strangers.push(await world.stranger(listener));
      await Promise.all(strangers.slice(3).flatMap(({ closed }) => closed));
      assert.deepEqual(
        strangers.map(({ socket }) => socket.destroyed),
        strangers.map((_, i) => i >= 3),
      );
      // Those who are in the handshake have a moment for it; then they have to make room.
      const guests: End[] = [];
      while (guests.length < 3) {
        const guest = await world.welcomed(listener.url);
        if (guest !== undefined) guests.push(guest);
      }
      await Promise.all(strangers.flatMap(({ closed }) => closed));
      assert.equal(accepted.length, 3);
      // Full of guests, it takes nobody in.
      await Promise.all((await world.stranger(listener)).closed);
      assert.deepEqual(
        guests.map(({ heard }) => heard.events),
        [[], [], []],
      );
    });

    test('counts the connections of an address from their accept on', async (world) => {
      if (world.handshake === undefined || world.proxied) return;
      const greet = (connection: Connection): void => connection.write(text('welcome'));
      const listener = await world.listen(greet, { maxPerAddress: 2, handshakeTimeout: 0 });
      const strangers = [await world.stranger(listener), await world.stranger(listener)];
      await Promise.all((await world.stranger(listener)).closed);
      assert.equal(await world.welcomed(listener.url), undefined);
      for (const { socket } of strangers) socket.destroy();
      // The listener needs a moment to see that they are gone.
      for (let guest: End | undefined; guest === undefined; ) guest = await world.welcomed(listener.url);
    });

    test('closes connections that are in their handshakes when it stops listening', async (world) => {
      if (world.handshake === undefined) return;
      const listener = await world.listen(() => {});
      const stranger = await world.stranger(listener);
      // Another that is through shows that it was accepted.
      await world.visit(listener.url);
      await listener.close();
      await Promise.all(stranger.closed);
    });

    for (const [key, value] of [
      ['maxConnections', -1],
      ['maxPerAddress', 1.5],
      ['handshakeTimeout', '5s'],
      ['maxConnection', 5],
    ] as const) {
      test(`refuses to listen with ${key}: ${value}`, async (world) => {
        await assert.rejects(
          world.listen(() => {}, { [key]: value } as ListenOptions),
          (error) => {
            assert.ok(isSkynetError(error, 'ERR_ARGUMENT'), String(error));
            assert.equal(error.details?.key, key);
            return true;
          },
        );
      });
    }
  });
}
