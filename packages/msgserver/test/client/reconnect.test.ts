import { type ConnectOptions, connect, type MsgClient } from '@skynet/msgserver/client';
import { dialer } from '@skynet/msgserver/client/node';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { logIn, startTestServer, type TestServer } from '../harness.ts';
import { type Cut, CuttingProxy } from './cutting-proxy.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const secret = Buffer.from('11111111');
let users = 0;

interface World {
  readonly server: TestServer;
  readonly proxy: CuttingProxy;
  /** A client of a new user, whose first connections are cut so. */
  join(cuts: readonly Cut[], other?: Partial<ConnectOptions>): Promise<MsgClient>;
}

async function world(): Promise<World> {
  const server = await startTestServer();
  const proxy = await CuttingProxy.start(server.port);
  return {
    server,
    proxy,
    async join(cuts, other = {}) {
      const user = `user${++users}`;
      await logIn(server, user, secret);
      const subid = server.events.filter((event) => event.startsWith('login')).length;
      proxy.cuts = [...cuts];
      const client = await connect({
        dial: dialer(proxy.address),
        user,
        server: 'sample',
        subid,
        secret,
        backoff: { first: 1, max: 2 },
        ...other,
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

/** What a server should have seen: each once. */
function expectEachOnce(server: TestServer, from: number, words: readonly string[]): void {
  expect(server.requests.slice(from).sort()).toEqual([...words].sort());
}

describe('a client whose connection is lost', () => {
  test('tells so, comes back with the next index, and goes on', async () => {
    const { join, server } = await world();
    const told: string[] = [];
    const client = await join([], {
      on: {
        connected: ({ index }) => told.push(`connected ${index}`),
        disconnected: () => told.push('disconnected'),
        reconnected: ({ index, repeated }) => told.push(`reconnected ${index}, ${repeated} repeated`),
      },
    });
    expect(text(await client.request('one'))).toBe('ONE');
    const held = client.request('hold');
    while (server.requests.length < 2) await new Promise(setImmediate);
    const back = new Promise((resolve) => client.on('reconnected', resolve));
    client.drop();
    expect(client.state).toBe('connecting');
    const meanwhile = client.request('two');
    await back;
    server.release();
    expect([await held, await meanwhile].map(text)).toEqual(['HOLD', 'TWO']);
    expect(told).toEqual(['connected 1', 'disconnected', 'reconnected 2, 1 repeated']);
    expectEachOnce(server, 0, ['one', 'hold', 'two']);
  });

  test('gets answers that were ready while it was away', async () => {
    const { join, server, proxy } = await world();
    const client = await join([]);
    const back = new Promise((resolve) => client.on('reconnected', resolve));
    const held = client.request('hold');
    while (server.requests.length === 0) await new Promise(setImmediate);
    const address = proxy.address;
    expect(address).toBe(proxy.address);
    // The first attempt to come back does not get through.
    proxy.cuts = [{ both: 0 }];
    client.drop();
    server.release();
    await back;
    expect(text(await held)).toBe('HOLD');
    expectEachOnce(server, 0, ['hold']);
  });

  test('repeats errors as well, without having them happen again', async () => {
    const { join, server, proxy } = await world();
    const client = await join([]);
    proxy.cuts = [];
    await client.request('first');
    const before = proxy.down;
    const failing = client.request('!error').catch((error) => error.code);
    // Cut before the answer gets through.
    client.drop();
    expect(await failing).toBe('ERR_CLIENT_REQUEST');
    expect(before).toBeGreaterThan(0);
    expect(server.requests.filter((request) => request === '!error')).toHaveLength(1);
  });

  test.each(['up', 'down'] as const)(
    'at any byte going %s, has each request worked on once',
    async (direction) => {
      const { join, server, proxy } = await world();
      const words = ['alpha', 'b', '', 'delta'];
      const converse = async (cuts: readonly Cut[]): Promise<void> => {
        const from = server.requests.length;
        const client = await join(cuts);
        const answers = await Promise.all(words.map((word) => client.request(word)));
        expect(answers.map(text)).toEqual(words.map((word) => word.toUpperCase()));
        expectEachOnce(server, from, words);
        client.close();
      };
      await converse([]);
      const length = proxy[direction];
      expect(length).toBeGreaterThan(30);
      for (let at = 0; at <= length; at++) await converse([{ [direction]: at }]);
    },
  );

  test('at random bytes, again and again, gets each answer once and has each request worked on once', async () => {
    const { join, server, proxy } = await world();
    const cut = fc.oneof(
      fc.record({ up: fc.nat(300) }),
      fc.record({ down: fc.nat(200) }),
      fc.record({ both: fc.nat(400) }),
    );
    const word = fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).filter((value) => !/^(!|hold)/.test(value)),
      fc.constantFrom('!sleep:1:slow', '!sleep:0:quick'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(cut, { minLength: 1, maxLength: 6 }),
        fc.array(word, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        async (cuts, bodies, window) => {
          const from = server.requests.length;
          const client = await join(cuts, { window });
          const answered: number[] = [];
          const answers = await Promise.all(
            bodies.map((body, at) =>
              client.request(body).then((answer) => {
                answered.push(at);
                return text(answer);
              }),
            ),
          );
          expect(answers).toEqual(
            bodies.map((body) => (/^!sleep:\d:(.*)$/.exec(body)?.[1] ?? body).toUpperCase()),
          );
          expect(answered).toHaveLength(bodies.length);
          expectEachOnce(server, from, bodies);
          client.close();
          proxy.cuts = [];
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('pushes to a client', () => {
  test('come in order, each once, whatever byte the connection is cut at', async () => {
    const { server, proxy, join } = await world();
    const count = 6;
    const converse = async (cuts: readonly Cut[]): Promise<void> => {
      const pushes: string[] = [];
      let missed = 0;
      let all!: () => void;
      const complete = new Promise<void>((resolve) => {
        all = resolve;
      });
      const client = await join(cuts, {
        on: {
          push: (content) => {
            pushes.push(text(content));
            if (pushes.length === count) all();
          },
          missed: (event) => {
            missed += event.count;
          },
        },
      });
      expect(client.extended).toBe(true);
      for (let at = 1; at <= count; at++)
        expect(server.server.push(client.username, `push ${at}`)).toBe(true);
      await complete;
      expect(text(await client.request('ping'))).toBe('PING');
      expect(pushes).toEqual(Array.from({ length: count }, (_, at) => `push ${at + 1}`));
      expect(missed).toBe(0);
      expect(client.lastPush).toBe(count);
      while (server.server.pendingPushes(client.username) > 0) await new Promise(setImmediate);
      client.close();
    };
    await converse([]);
    const length = proxy.down;
    for (let at = 0; at <= length; at += 3) await converse([{ down: at }, { up: 60 + (at % 40) }]);
  });

  test('that were given up are told as missed', async () => {
    const { server, join } = await world();
    const client = await join([]);
    const { username } = client;
    const away = new Promise((resolve) => client.on('disconnected', resolve));
    const told: string[] = [];
    client.on('push', (content) => told.push(text(content)));
    client.on('missed', ({ count }) => told.push(`${count} missed`));
    client.drop();
    await away;
    for (let at = 1; at <= 1030; at++) server.server.push(username, `${at}`);
    while (told.length < 1025) await new Promise(setImmediate);
    expect(told.slice(0, 2)).toEqual(['6 missed', '7']);
    expect(told.at(-1)).toBe('1030');
  });

  test('are not for clients that did not ask', async () => {
    const { server, join } = await world();
    const client = await join([], { push: false });
    expect(client.extended).toBe(false);
    expect(server.server.push(client.username, 'for nobody')).toBe(false);
  });
});
