import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { isSkynetError } from '../../errors.ts';
import type { Connection, ListenOptions } from '../../transport/contract.ts';
import { RecordingReceiver } from '../recording-receiver.ts';
import { text, turn } from './bytes.ts';
import { type Declare, type End, withResolvers } from './world.ts';

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

/** What a listener does: addresses, pauses, limits. */
export function listeningTests(test: Declare): void {
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
    await Promise.all(heard.slice(2).map((receiver) => receiver.until('the refusal', () => over(receiver))));
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
}
