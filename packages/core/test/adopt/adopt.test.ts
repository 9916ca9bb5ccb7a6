import { EventEmitter } from 'node:events';
import { adopt, adoptIterable } from '@skynet/core/adopt';
import { expect, test } from 'vitest';
import { defineService, type Skynet } from '../../src/index.ts';
import { Happenings } from '../../src/testing/index.ts';
import { placed } from '../failure-places.ts';
import { startTestNode } from '../test-node.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** A client as libraries have them: it answers later, from the event loop. */
class Client extends EventEmitter {
  #secret = 'own';
  closed = 0;
  name = 'client';

  get(key: string): Promise<string> {
    return new Promise((resolve) => setImmediate(resolve, `${this.#secret} ${key}`));
  }

  fail(): Promise<never> {
    const error = Object.assign(new Error('bad statement'), { code: 'ER_PARSE', errno: 1064 });
    return new Promise((_resolve, reject) => setImmediate(reject, error));
  }

  failAtOnce(): never {
    throw new TypeError('not like that');
  }

  connection(): Promise<Connection> {
    return Promise.resolve(new Connection(this));
  }

  owns(connection: Connection): boolean {
    return connection.ownedBy(this);
  }

  subscribe(channel: string, listener: (text: string) => void): void {
    setImmediate(listener, channel);
  }

  rows(): AsyncIterable<number> {
    return rowsOf(3);
  }

  row(): Promise<object> {
    return Promise.resolve({ id: 1 });
  }

  end(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

class Connection {
  readonly #owner: Client;
  constructor(owner: Client) {
    this.#owner = owner;
  }
  ownedBy(client: Client): boolean {
    return this.#owner === client;
  }
  get(key: string): Promise<string> {
    return this.#owner.get(key);
  }
  release(): void {}
}

async function* rowsOf(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    yield i;
  }
}

/** Runs work in a service that has adopted a client. */
async function withClient(
  work: (skynet: Skynet, db: Client, original: Client) => Promise<void>,
): Promise<Awaited<ReturnType<typeof startTestNode>>> {
  const node = await startTestNode();
  await node.run(async (skynet) => {
    const original = new Client();
    const db = adopt(skynet, original, {
      close: (client) => client.end(),
      callbacks: ['subscribe'],
      code: 'ERR_STORE',
    });
    await work(skynet, db, original);
  });
  return node;
}

test('a task that waits for the client stays the task it was', async () => {
  await withClient(async (skynet, db) => {
    const before = skynet.running();
    expect(await db.get('a')).toBe('own a');
    expect(skynet.running()).toBe(before);
    const section = skynet.queue();
    const events = new Happenings<string>('events');
    for (const key of ['1', '2', '3']) {
      skynet.fork(() =>
        section(async () => {
          events.add(`in ${key}`);
          await db.get(key);
          events.add(`out ${key}`);
        }),
      );
    }
    await skynet.await(events.count(6));
    expect(events.all).toEqual(['in 1', 'out 1', 'in 2', 'out 2', 'in 3', 'out 3']);
  });
});

test('errors have a code, and the library’s error as their cause', async () => {
  await withClient(async (_skynet, db) => {
    const error = await db.fail().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_STORE',
      message: 'bad statement',
      details: { code: 'ER_PARSE', errno: 1064 },
      cause: { code: 'ER_PARSE' },
    });
    expect(() => db.failAtOnce()).toThrow(code('ERR_STORE'));
  });
});

test('what the client fails with is told from where it was waited for', async () => {
  const node = await withClient(async (skynet, db) => {
    skynet.fork(async () => {
      await db.fail(); // here
    });
    await skynet.yield();
    await db.fail().catch(() => {});
  });
  const entry = placed(await node.logged(/bad statement/));
  expect(entry).toMatch(
    /error : SkynetError: bad statement \(ERR_STORE\)\n {4}at adopt\.test\.ts: .*\n(?: {4}at .*\n)*? {4}at adopt\.test\.ts: here$/,
  );
});

test('listeners run in turns of the service, and can be removed again', async () => {
  const node = await withClient(async (skynet, db, original) => {
    const heard = new Happenings<unknown>('events');
    const listener = (value: unknown): void => {
      heard.add([value, skynet.running().toString()]);
    };
    expect(db.on('row', listener)).toBe(db);
    db.once('row', () => {
      throw new Error('from a listener');
    });
    original.emit('row', 1);
    await skynet.await(heard.count(1));
    db.off('row', listener);
    expect(original.listenerCount('row')).toBe(0);
    db.subscribe('news', listener);
    await skynet.await(heard.count(2));
    expect(heard.all).toEqual([
      [1, expect.stringMatching(/^thread: /)],
      ['news', expect.stringMatching(/^thread: /)],
    ]);
  });
  await node.logged(/lua call .* error : Error: from a listener/);
});

test('an error event that nobody listens for is logged, and ends nothing', async () => {
  const node = await withClient(async (skynet, db, original) => {
    original.emit('error', new Error('connection lost'));
    const heard = new Happenings<unknown>('errors');
    db.on('error', (error) => heard.add(error));
    original.emit('error', new Error('heard'));
    await skynet.await(heard.count(1));
  });
  await node.logged(/Client: Error: connection lost/);
  expect(node.log.join('\n')).not.toMatch(/heard/);
});

test('parts of the client are adopted alike, data is left as it is', async () => {
  await withClient(async (skynet, db) => {
    const connection = await db.connection();
    const before = skynet.running();
    expect(await connection.get('b')).toBe('own b');
    expect(skynet.running()).toBe(before);
    expect(db.owns(connection)).toBe(true);
    expect(await db.row()).toEqual({ id: 1 });
    expect(db.name).toBe('client');
    db.name = 'renamed';
    expect(db.name).toBe('renamed');
    expect(db).toBeInstanceOf(Client);
  });
});

test('every step of a loop over the client is in the turn', async () => {
  await withClient(async (skynet, db) => {
    const before = skynet.running();
    const seen: number[] = [];
    for await (const row of db.rows()) {
      expect(skynet.running()).toBe(before);
      seen.push(row);
    }
    for await (const row of adoptIterable(skynet, rowsOf(2))) {
      expect(skynet.running()).toBe(before);
      seen.push(row);
      if (row === 0) break;
    }
    expect(seen).toEqual([0, 1, 2, 0]);
  });
});

test('the client is closed with its service, and of no use then', async () => {
  const node = await startTestNode();
  const original = new Client();
  let db: Client | undefined;
  const heard: unknown[] = [];
  await node.run(async (skynet) => {
    const service = await skynet.newService(
      defineService((own) => {
        db = adopt(own, original, { close: (client) => client.end() });
        db.on('row', (value) => heard.push(value));
      }),
    );
    skynet.kill(service);
    expect(original.closed).toBe(1);
    original.emit('row', 1);
    original.emit('error', new Error('late'));
    await skynet.yield();
  });
  expect(heard).toEqual([]);
  expect(() => db?.get('x')).toThrow(code('ERR_SERVICE_ENDED'));
});
