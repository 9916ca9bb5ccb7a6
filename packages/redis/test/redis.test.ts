import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isSkynetError } from '@skynet/core';
import { startTestNode, type TestNode, uncoded, until } from '@skynet/core/testing';
import { connect, type RedisOptions } from '@skynet/redis';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../test/free-port.ts';
import { type RedisServer, redisMissing, startRedis } from '../../../test/redis.ts';

const why = redisMissing === undefined ? '' : ` (left out: ${redisMissing})`;

describe.skipIf(redisMissing !== undefined)(`a connection to Redis${why}`, () => {
  let server: RedisServer;
  let node: TestNode;

  beforeAll(async () => {
    server = await startRedis();
    node = await startTestNode();
  });
  afterAll(async () => {
    await node?.stop();
    await server?.stop();
  });
  beforeEach(() => {
    server.cli('flushall');
  });

  const options = (more: RedisOptions = {}): RedisOptions => ({ port: server.port, ...more });
  const code = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      (value) => ({ value }),
      (error: unknown) => (isSkynetError(error) ? error.code : error),
    );

  test('commands are methods; nil is null, exists and sismember answer whether, hgetall is a flat list', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      return {
        set: await db.set('A', 'hello'),
        get: await db.get('A'),
        nobody: await db.get('nosuch'),
        exists: [await db.exists('A'), await db.exists('nosuch')],
        sadd: await db.sadd('S', 'a', 'b'),
        sismember: [await db.sismember('S', 'a'), await db.sismember('S', 'z')],
        hset: await db.hset('H', 'x', 1, 'y', 2.5),
        hgetall: await db.hgetall('H'),
        mget: await db.mget('A', 'nosuch'),
        odd: await db.command('object', 'encoding', 'A'),
      };
    });
    expect(seen).toEqual({
      set: 'OK',
      get: 'hello',
      nobody: null,
      exists: [true, false],
      sadd: 2,
      sismember: [true, false],
      hset: 2,
      hgetall: ['x', '1', 'y', '2.5'],
      mget: ['hello', null],
      odd: 'embstr',
    });
  });

  test('integers are exact: above 2^53 bigints', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      await db.set('N', '9007199254740992');
      const up = await db.incr('N');
      const down = await db.decrby('N', '18014398509481989');
      await db.set('M', '9223372036854775806');
      return [up, down, await db.incr('M'), await db.incr('small')];
    });
    expect(seen).toEqual([9007199254740993n, -9007199254740996n, 9223372036854775807n, 1]);
  });

  test('bytes go there and come back where they are asked for', async () => {
    const bytes = Buffer.from([0, 255, 128, 13, 10]);
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options({ replies: 'bytes' }));
      await db.command('set', bytes, new Uint8Array(bytes));
      return [await db.command('get', bytes), await db.command('keys', '*')];
    });
    expect(seen).toEqual([bytes, [bytes]]);
  });

  test('what was asked is asked, whatever becomes of the bytes that were given, though there is no connection yet', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      const id = await db.command('client', 'id');
      const other = await connect(skynet, options());
      await other.command('client', 'kill', 'id', id as number);
      const answers: unknown[] = [];
      for (let i = 0; i < 3; i++) {
        const bytes = Buffer.from(`first ${i}`);
        const asked = db.command('echo', bytes).catch((error: { code?: string }) => error.code);
        bytes.fill('x');
        answers.push(await asked);
      }
      return answers;
    });
    // Where the end of the connection is not known yet, it comes as the answer.
    expect(seen[0] === 'ERR_REDIS_LOST' || seen[0] === 'first 0').toBe(true);
    expect(seen.slice(1)).toEqual(['first 1', 'first 2']);
  });

  test('the server refuses: an error with its text and first word; the connection stays', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      const id = await db.command('client', 'id');
      await db.set('A', 'text');
      const failed: unknown[] = [];
      for (const work of [() => db.incr('A'), () => db.lpush('A', '1'), () => db.command('nosuch', 1)])
        await work().catch((error) =>
          failed.push([error.code, error.message.split(',')[0], error.details.kind]),
        );
      return { failed, same: (await db.command('client', 'id')) === id };
    });
    expect(seen).toEqual({
      failed: [
        ['ERR_REDIS_REPLY', 'ERR value is not an integer or out of range', 'ERR'],
        ['ERR_REDIS_REPLY', 'WRONGTYPE Operation against a key holding the wrong kind of value', 'WRONGTYPE'],
        ['ERR_REDIS_REPLY', "ERR unknown command 'NOSUCH'", 'ERR'],
      ],
      same: true,
    });
  });

  test('a transaction with an error in it is thrown with all its results', async () => {
    const error = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      await db.multi();
      await db.set('A', 'text');
      await db.incr('A');
      return db.exec().catch((failure: unknown) => failure);
    });
    expect(error).toMatchObject({
      code: 'ERR_REDIS_REPLY',
      details: { results: ['OK', 'ERR value is not an integer or out of range'] },
    });
  });

  test('a pipeline gives all results, or the last', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      const out = await db.pipeline(
        [
          ['set', 'A', 1],
          ['lpush', 'A', 'x'],
          ['get', 'nosuch'],
          ['incr', 'A'],
        ],
        [],
      );
      return [
        out,
        await db.pipeline([
          ['set', 'A', 5],
          ['get', 'A'],
        ]),
        await code(
          db.pipeline([
            ['get', 'A'],
            ['lpush', 'A', 1],
          ]),
        ),
        await code(db.pipeline([])),
      ];
    });
    expect(seen).toEqual([
      [
        { ok: true, out: 'OK' },
        { ok: false, out: 'WRONGTYPE Operation against a key holding the wrong kind of value' },
        { ok: true },
        { ok: true, out: 2 },
      ],
      '5',
      'ERR_REDIS_REPLY',
      'ERR_ARGUMENT',
    ]);
  });

  test('tasks get their own answers, and go on as the tasks they are', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      const tasks = Array.from({ length: 500 }, (_, i) => i);
      return Promise.all(tasks.map(async (i) => (await db.command('echo', i)) === String(i)));
    });
    expect(seen).toHaveLength(500);
    expect(seen.every(Boolean)).toBe(true);
    const same = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      const before = skynet.running();
      await db.ping();
      return skynet.running() === before;
    });
    expect(same).toBe(true);
  });

  test('what cannot be an argument is refused, and nothing is sent', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      const odd: unknown[] = [undefined, null, {}, Symbol('x'), () => 1, new Date(0), [[1]]];
      const codes = await Promise.all(odd.map((value) => code(db.command('set', 'A', value as string))));
      return [codes, await db.exists('A'), await code(db.command('subscribe', 'x'))];
    });
    expect(seen).toEqual([Array(7).fill('ERR_REDIS_ARGUMENT'), false, 'ERR_ARGUMENT']);
  });

  test('options that are none are refused with a code', async () => {
    const bad: unknown[] = [
      { prot: 1 },
      { port: 0 },
      { db: -1 },
      { replies: 'x' },
      { password: 5 },
      { tls: 1 },
      null,
    ];
    const codes = await node.run((skynet) =>
      Promise.all(bad.map((given) => code(connect(skynet, given as RedisOptions)))),
    );
    expect(codes).toEqual(bad.map(() => 'ERR_ARGUMENT'));
    expect(
      await node.run((skynet) => uncoded({ connect: (value: never) => connect(skynet, value) })),
    ).toEqual([]);
  });

  test('nobody listens, a wrong password, no such database: told at connect', async () => {
    const port = await freePort();
    const seen = await node.run(async (skynet) => [
      await code(connect(skynet, { port })),
      await connect(skynet, options({ db: 99 })).catch((error) => error.message),
      await connect(skynet, options({ username: 'x', password: 'y' })).catch((error) => [
        error.code,
        error.message,
      ]),
    ]);
    expect(seen).toEqual([
      'ERR_REDIS_CONNECT',
      expect.stringContaining('DB index is out of range'),
      ['ERR_REDIS_CONNECT', expect.stringContaining('WRONGPASS')],
    ]);
  });

  test('the database stays selected after a reconnect', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options({ db: 3 }));
      await db.set('A', 'three');
      server.cli('client', 'kill', 'type', 'normal');
      for (;;) {
        const answer = await db.get('A').catch((error) => error.code);
        if (answer !== 'ERR_REDIS_LOST') return answer;
      }
    });
    expect(seen).toBe('three');
  });

  test('the server is killed: what is awaited fails with a code; while it is away commands do; then all goes on', async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, { port: own.port });
      const waiting = [code(db.blpop('nosuch', 0)), code(db.get('A'))];
      await skynet.await(own.kill());
      const lost = await Promise.all(waiting);
      const away = await code(db.get('A'));
      await skynet.await(own.start());
      return [...lost, away, await db.set('A', 1)];
    });
    expect(seen).toEqual(['ERR_REDIS_LOST', 'ERR_REDIS_LOST', 'ERR_REDIS_CONNECT', 'OK']);
  });

  test('a server that stands still: commands have a deadline, and go on in order when it wakes', async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, { port: own.port });
      own.signal('SIGSTOP');
      // The signal takes its time to reach it.
      let late: unknown;
      while (late !== 'ERR_TIMEOUT') late = await code(db.with({ timeout: '50ms' }).set('A', 'late'));
      const given = AbortSignal.abort();
      const aborted = await code(db.with({ signal: given }).get('A'));
      const waiting = db.get('A');
      own.signal('SIGCONT');
      return [late, aborted, await waiting];
    });
    expect(seen).toEqual(['ERR_TIMEOUT', 'ERR_ABORTED', 'late']);
  });

  test('ten thousand may wait, and no more', async () => {
    const own = await startRedis();
    onTestFinished(() => own.stop());
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, { port: own.port });
      own.signal('SIGSTOP');
      const waiting = Array.from({ length: 10_000 }, () => db.incr('N'));
      const refused = await code(db.incr('N'));
      own.signal('SIGCONT');
      await Promise.all(waiting);
      return [refused, await db.get('N')];
    });
    expect(seen).toEqual(['ERR_REDIS_BUSY', '10000']);
  });

  test.each([
    ['garbage', Buffer.from('this is no Redis\r\n')],
    ['bytes', Buffer.from([0xff, 0, 1, 2, 0x0d, 0x0a])],
    ['half an answer', Buffer.from('$100\r\nhalf')],
  ])('a server that answers %s and closes ends with a code', async (_, answer) => {
    const fake = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => socket.end(answer));
    });
    await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void fake.close());
    const { port } = fake.address() as { port: number };
    const seen = await node.run((skynet) => code(connect(skynet, { port, connectTimeout: '2s' })));
    expect(seen).toBe('ERR_REDIS_CONNECT');
  });

  test.each([
    ['garbage', '?what is this\r\n'],
    ['a number that is none', ':12x4\r\n'],
    ['an endless length', '$99999999999999999999\r\nabc'],
    ['a negative list', '*-7\r\n'],
    ['half an answer', '$100\r\nhalf'],
    ['an answer too many', '+OK\r\n+OK\r\n+OK\r\n'],
    ['nothing', ''],
  ])(
    'a server that goes mad once logged in, and answers %s: a code, and the next command connects again',
    async (_, answer) => {
      let isMad = true;
      const fake = createServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', (chunk) => {
          const isGet = String(chunk).toUpperCase().includes('GET');
          if (!isGet) socket.write('$15\r\nredis_version:7\r\n');
          else if (isMad) {
            isMad = false;
            socket.end(answer);
          } else socket.write('$4\r\ngood\r\n');
        });
      });
      await new Promise<void>((resolve) => fake.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void fake.close());
      const { port } = fake.address() as { port: number };
      const seen = await node.run(async (skynet) => {
        const db = await connect(skynet, { port });
        await code(db.with({ timeout: '5s' }).get('A'));
        // What came behind it may end the connection a little later.
        for (let tries = 0; tries < 5; tries++) {
          const again = await db
            .with({ timeout: '5s' })
            .get('A')
            .catch((error) => error.code);
          if (again === 'good') return again;
        }
        return 'never';
      });
      expect(seen).toBe('good');
    },
  );

  test('a thousand services come and go, some with a connection in use: the server has none left', async () => {
    const services = await startTestNode(
      { services: ['./services/?'] },
      { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
    );
    const before = server.clients();
    await services.run(async (skynet) => {
      for (let round = 0; round < 20; round++) {
        const workers = await Promise.all(
          Array.from({ length: 50 }, () => skynet.newService('worker', String(server.port))),
        );
        for (const worker of workers) await skynet.kill(worker);
      }
      await skynet.await(until(() => server.clients() <= before));
    });
    expect(server.clients()).toBeLessThanOrEqual(before);
  });

  test('disconnect: what is awaited fails, and what is asked afterwards', async () => {
    const seen = await node.run(async (skynet) => {
      const db = await connect(skynet, options());
      const waiting = code(db.blpop('nosuch', 0));
      db.disconnect();
      return [await waiting, await code(db.ping())];
    });
    expect(seen).toEqual(['ERR_REDIS_CLOSED', 'ERR_REDIS_CLOSED']);
  });
});
