import assert from 'node:assert/strict';
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
  readonly #dispose: () => Promise<void> | void;
  readonly #listeners: Listener[] = [];
  readonly #connections: Connection[] = [];

  constructor(fixture: TransportFixture) {
    this.transports = fixture.transports;
    this.address = fixture.address;
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
  });
}
