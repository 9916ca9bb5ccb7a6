import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import type { Skynet } from '@skynet/core';
import { startTestNode, uncoded, until } from '@skynet/core/testing';
import {
  type ConnectOptions,
  connect,
  createPool,
  isBadResult,
  type MysqlPool,
  type MysqlStatement,
  type PoolOptions,
  quoteSqlStr,
} from '@skynet/mysql';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type MariaDb, mariadbMissing, startMariaDb } from '../../../test/mariadb.ts';

const code = (expected: string, details: Record<string, unknown> = {}) =>
  expect.objectContaining({
    code: expected,
    ...(Object.keys(details).length === 0 ? {} : { details: expect.objectContaining(details) }),
  });
const why = mariadbMissing === undefined ? '' : ` (left out: ${mariadbMissing})`;

let maria: MariaDb;
beforeAll(async () => {
  if (mariadbMissing === undefined) maria = await startMariaDb();
});
afterAll(() => maria?.stop());

const lab = (): ConnectOptions & PoolOptions => ({
  port: maria.port,
  user: 'lab',
  password: 'secret',
  database: 'lab',
});

async function inService(work: (skynet: Skynet) => Promise<void>): Promise<void> {
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(work);
}

/** Waits until the server counts so many connections of the user. */
function connections(skynet: Skynet, wanted: number): Promise<void> {
  const what = (): string => `there are ${wanted} connections; the server has ${maria.connections()}`;
  return skynet.await(until(() => maria.connections() === wanted, { what }));
}

/** Waits until the server works on so many of such statements. */
function runs(skynet: Skynet, statement: string, count = 1): Promise<void> {
  const running = (): number => maria.sql('show processlist').split(statement).length - 1;
  return skynet.await(until(() => running() >= count, { what: `${count} of ${statement} run` }));
}

describe.skipIf(mariadbMissing !== undefined)(`the book's connection${why}`, () => {
  test('rows, changes, refusals and several results in the shapes of the original', () =>
    inService(async (skynet) => {
      const db = await connect(skynet, lab());
      expect(db.serverVer()).toMatch(/^\d+\.\d+/);
      await db.query('drop table if exists cats');
      const created = await db.query('create table cats (id serial primary key, name varchar(5))');
      expect(created).toMatchObject({ affected_rows: 0, insert_id: 0, server_status: 2, warning_count: 0 });
      expect(await db.query("insert into cats (name) values ('Bob'), ('')")).toMatchObject({
        affected_rows: 2,
        insert_id: 1,
      });
      expect(await db.query('select * from cats order by id')).toEqual([
        { id: 1, name: 'Bob' },
        { id: 2, name: '' },
      ]);
      const refused = await db.query('select * from dogs');
      expect(refused).toMatchObject({ badresult: true, errno: 1146, sqlstate: '42S02' });
      expect(isBadResult(refused)).toBe(true);
      const several = await db.query('select 1 as a; select 2 as b; select oops');
      expect(several).toMatchObject({ multiresultset: true, badresult: true, errno: 1054 });
      expect([...(several as unknown[])]).toEqual([[{ a: 1 }], [{ b: 2 }]]);
      db.setCompactArrays(true);
      expect(await db.query('select 1, 2')).toEqual([[1, 2]]);
      expect(await db.ping()).toMatchObject({ affected_rows: 0 });
    }));

  test('prepared statements', () =>
    inService(async (skynet) => {
      const db = await connect(skynet, lab());
      const add = (await db.prepare('select ? + ? as sum')) as MysqlStatement;
      expect(add).toMatchObject({ param_count: 2, field_count: 1 });
      expect(await db.execute(add, 1, 2)).toEqual([{ sum: 3 }]);
      expect(await db.execute(add, 2n ** 62n, 1)).toEqual([{ sum: 2n ** 62n + 1n }]);
      expect(await db.stmtReset(add)).toMatchObject({ affected_rows: 0 });
      await expect(db.execute(add, 1)).rejects.toThrow(code('ERR_MYSQL_PARAMETER', { wanted: 2, given: 1 }));
      await expect(db.execute(add, {} as never, 1)).rejects.toThrow(
        code('ERR_MYSQL_PARAMETER', { index: 0 }),
      );
      expect(await db.prepare('selec 1')).toMatchObject({ badresult: true, errno: 1064 });
      db.stmtClose(add);
      await expect(db.execute(add, 1, 2)).rejects.toThrow(code('ERR_MYSQL_STATEMENT'));
    }));

  test('answers come in the order of the requests, whichever task asked', () =>
    inService(async (skynet) => {
      const db = await connect(skynet, lab());
      const order: number[] = [];
      await Promise.all(
        [0.05, 0, 0.01].map(async (seconds, nth) => {
          await db.query(`select sleep(${seconds})`);
          order.push(nth);
        }),
      );
      expect(order).toEqual([0, 1, 2]);
    }));

  test('a lost connection fails what was under way; the next request connects again, and prepares again', () =>
    inService(async (skynet) => {
      const greetings: string[] = [];
      const db = await connect(skynet, {
        ...lab(),
        onConnect: async (first) => {
          await first.query('set @greeted = 1');
          greetings.push('hello');
        },
      });
      const statement = (await db.prepare('select @greeted as greeted')) as MysqlStatement;
      const [{ id } = { id: 0 }] = (await db.query('select connection_id() as id')) as { id: number }[];
      const lost = db.query('select sleep(10)');
      await runs(skynet, 'select sleep(10)');
      maria.sql(`kill ${id}`);
      await expect(lost).rejects.toThrow(code('ERR_MYSQL_LOST'));
      expect(await db.execute(statement)).toEqual([{ greeted: 1 }]);
      expect(greetings).toEqual(['hello', 'hello']);
    }));

  test('limits: a statement that is too large, requests that are too many, a deadline', () =>
    inService(async (skynet) => {
      const db = await connect(skynet, { ...lab(), maxWaiting: 2 });
      await expect(db.query(`select '${'x'.repeat(1_100_000)}'`)).rejects.toThrow(code('ERR_MYSQL_PACKET'));
      const slow = [db.query('select sleep(0.2)'), db.query('select 1')];
      await expect(db.query('select 2')).rejects.toThrow(code('ERR_MYSQL_BUSY'));
      await Promise.all(slow);
      const holder = await connect(skynet, lab());
      await holder.query("select get_lock('held', 0)");
      const late = db.query("select get_lock('held', 60)", { timeout: '50ms' });
      await expect(late).rejects.toThrow(code('ERR_TIMEOUT'));
      await holder.query("select release_lock('held')");
      expect(await db.query('select 3 as n')).toEqual([{ n: 3 }]);
      db.disconnect();
      await expect(db.query('select 1')).rejects.toThrow(code('ERR_MYSQL_CLOSED'));
    }));

  test('who is not let in hears why', () =>
    inService(async (skynet) => {
      await expect(connect(skynet, { ...lab(), password: 'wrong' })).rejects.toThrow(
        code('ERR_MYSQL_CONNECT', { errno: 1045, sqlstate: '28000' }),
      );
      await expect(connect(skynet, { ...lab(), port: 1 })).rejects.toThrow(code('ERR_MYSQL_CONNECT'));
    }));

  test('text is quoted', () => {
    expect(quoteSqlStr(`it's "\\" \0\n`)).toBe(`'it\\'s \\"\\\\\\" \\0\\n'`);
  });
});

describe.skipIf(mariadbMissing !== undefined)(`a pool${why}`, () => {
  const withTable = async (pool: MysqlPool): Promise<void> => {
    await pool.run('drop table if exists players');
    await pool.run(
      'create table players (id bigint unsigned primary key, name text, gold decimal(20,2), extra json)',
    );
  };

  test('a URL says where the server is, as whom to log in and which database; other options come before it', () =>
    inService(async (skynet) => {
      maria.sql(
        "create user 'a@b'@'127.0.0.1' identified by 'se/cr@t'; grant all on lab.* to 'a@b'@'127.0.0.1'",
      );
      const url = `mysql://a%40b:se%2Fcr%40t@127.0.0.1:${maria.port}/lab`;
      const who = 'select user() as who, database() as what';
      const pool = createPool(skynet, { url });
      expect(await pool.first(who)).toEqual({ who: 'a@b@127.0.0.1', what: 'lab' });
      const other = createPool(skynet, { url, user: 'lab', password: 'secret' });
      expect(await other.first(who)).toEqual({ who: 'lab@127.0.0.1', what: 'lab' });
      const root = createPool(skynet, { url: `mysql://127.0.0.1:${maria.port}` });
      expect(await root.first(who)).toEqual({ who: expect.stringMatching(/^root@/), what: null });
    }));

  test('typed rows, with all digits', () =>
    inService(async (skynet) => {
      interface Player {
        id: number | bigint;
        name: string;
        gold: string;
        extra: { level: number };
      }
      const pool = createPool(skynet, lab());
      await withTable(pool);
      const big = 18446744073709551615n;
      expect(
        await pool.run('insert into players values (?, ?, ?, ?), (7, ?, 0, ?)', [
          big,
          `O'Neill \\ "x"`,
          '12345678901234567.89',
          '{"level":5}',
          '?',
          '{"level":1}',
        ]),
      ).toEqual({ affectedRows: 2, changedRows: 0, insertId: 0, warnings: 0 });
      const [first, second] = await pool.query<Player>(
        'select * from players where id in (?) order by id desc',
        [[big, 7]],
      );
      expect(first).toEqual({
        id: big,
        name: `O'Neill \\ "x"`,
        gold: '12345678901234567.89',
        extra: { level: 5 },
      });
      expect(second?.name).toBe('?');
      expect(await pool.execute<Player>('select name from players where id = ?', [7])).toEqual([
        { name: '?' },
      ]);
      expect(await pool.first('select 1 as one')).toEqual({ one: 1 });
      expect(await pool.first('select 1 as one where 1 = 0')).toBeUndefined();
      await expect(pool.query('select * from nobody')).rejects.toThrow(
        code('ERR_MYSQL_QUERY', { errno: 1146, name: 'ER_NO_SUCH_TABLE' }),
      );
      await expect(pool.query('select ?', [undefined as never])).rejects.toThrow(code('ERR_MYSQL_PARAMETER'));
      await expect(pool.query('select ?')).rejects.toThrow(code('ERR_MYSQL_PARAMETER'));
      await expect(pool.query('select 1; select 2')).rejects.toThrow(
        code('ERR_MYSQL_QUERY', { errno: 1064 }),
      );
    }));

  test('as many connections as it may have, the others wait in line; those too many are refused', () =>
    inService(async (skynet) => {
      const pool = createPool(skynet, { ...lab(), connections: 2, maxWaiting: 3 });
      const asked = Array.from({ length: 8 }, () => pool.query('select sleep(0.1)'));
      const ended = await Promise.allSettled(asked);
      expect(ended.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(3);
      for (const end of ended)
        if (end.status === 'rejected') expect(end.reason).toEqual(code('ERR_MYSQL_BUSY'));
      expect(pool.state).toEqual({ connections: 2, busy: 0, waiting: 0 });
      await pool.close();
      await expect(pool.query('select 1')).rejects.toThrow(code('ERR_MYSQL_CLOSED'));
    }));

  test('what was asked is asked, whatever becomes of the list and the bytes that were given', () =>
    inService(async (skynet) => {
      const pool = createPool(skynet, { ...lab(), connections: 1 });
      const bytes = Buffer.of(1, 2);
      const list = [3, 4];
      const values = [1, bytes, list];
      const asked = [
        pool.query('select ? as a, hex(?) as b, 3 in (?) as c', values),
        pool.first('select ? as a, hex(?) as b, 3 in (?) as c', values).then((row) => [row]),
        pool.execute('select ? as a, hex(?) as b, 1 as c', [1, bytes]),
      ];
      bytes.fill(9);
      values[0] = 9;
      list[0] = 9;
      const row = { a: 1, b: '0102', c: 1 };
      expect(await Promise.all(asked)).toEqual([[row], [row], [row]]);

      const one = await connect(skynet, lab());
      const statement = (await one.prepare('select hex(?) as x')) as MysqlStatement;
      const first = one.execute(statement, bytes);
      const second = one.execute(statement, bytes);
      bytes.fill(7);
      expect(await Promise.all([first, second])).toEqual([[{ x: '0909' }], [{ x: '0909' }]]);
    }));

  test('ten thousand tasks wait for two connections, and each gets its answer', () =>
    inService(async (skynet) => {
      const pool = createPool(skynet, { ...lab(), connections: 2 });
      const rows = await Promise.all(
        Array.from({ length: 10_000 }, (_, n) => pool.first<{ n: number }>('select ? as n', [n])),
      );
      expect(rows.every((row, n) => row?.n === n)).toBe(true);
    }));

  test('a transaction happens as a whole, or not at all', () =>
    inService(async (skynet) => {
      const pool = createPool(skynet, lab());
      await withTable(pool);
      const names = async (): Promise<string[]> =>
        (await pool.query<{ name: string }>('select name from players order by id')).map(({ name }) => name);
      expect(
        await pool.transaction(async (transaction) => {
          await transaction.run("insert into players (id, name) values (1, 'a')");
          await transaction.run("insert into players (id, name) values (2, 'b')");
          expect(await names()).toEqual([]);
          return 'done';
        }),
      ).toBe('done');
      let kept: { query(sql: string): Promise<unknown> } | undefined;
      await expect(
        pool.transaction(async (transaction) => {
          kept = transaction;
          await transaction.run("insert into players (id, name) values (3, 'c')");
          throw new Error('changed its mind');
        }),
      ).rejects.toThrow('changed its mind');
      await expect(kept?.query('select 1')).rejects.toThrow(code('ERR_MYSQL_CLOSED'));
      expect(await names()).toEqual(['a', 'b']);
    }));

  test('a task that is killed in its transaction leaves nothing, and its connection is free again', () =>
    inService(async (skynet) => {
      const pool = createPool(skynet, { ...lab(), connections: 1 });
      await withTable(pool);
      const task = skynet.fork(() =>
        pool.transaction(async (transaction) => {
          await transaction.run("insert into players (id, name) values (1, 'a')");
          await skynet.wait('for ever');
        }),
      );
      while (
        (await pool.state.busy) === 0 ||
        maria.sql('select count(*) from information_schema.innodb_trx').trim() === '0'
      )
        await skynet.sleep('10ms');
      expect(skynet.killTask(task)).toBe(true);
      expect(await pool.query('select * from players')).toEqual([]);
      expect(pool.state).toEqual({ connections: 1, busy: 0, waiting: 0 });
    }));

  test('a query whose task is killed, or whose deadline passes, stops on the server too', () =>
    inService(async (skynet) => {
      const pool = createPool(skynet, { ...lab(), connections: 1 });
      const task = skynet.fork(() => pool.query('select sleep(30)'));
      await runs(skynet, 'select sleep(30)');
      skynet.killTask(task);
      expect(await pool.query('select 1 as n')).toEqual([{ n: 1 }]);
      await expect(pool.query('select sleep(31)', [], { timeout: '50ms' })).rejects.toThrow(
        code('ERR_TIMEOUT'),
      );
      expect(await pool.query('select 2 as n')).toEqual([{ n: 2 }]);
      const given = new AbortController();
      const aborted = pool.query('select sleep(32)', [], { signal: given.signal });
      given.abort();
      await expect(aborted).rejects.toThrow(code('ERR_ABORTED'));
      await skynet.await(until(() => !/sleep\(3\d\)/.test(maria.sql('show processlist'))));
    }));

  test('a stream gives rows as they are taken, in turns of the service', () =>
    inService(async (skynet) => {
      const pool = createPool(skynet, { ...lab(), connections: 1 });
      const numbers =
        'with recursive n as (select 1 as i union all select i + 1 from n where i < ?) select i from n';
      let sum = 0;
      const self = skynet.running();
      for await (const { i } of pool.stream<{ i: number }>(numbers, [900])) {
        expect(skynet.running()).toBe(self);
        sum += i;
      }
      expect(sum).toBe(450 * 901);
      for await (const { i } of pool.stream<{ i: number }>(numbers, [900])) if (i === 3) break;
      expect(await pool.query('select 1 as n')).toEqual([{ n: 1 }]);
      await expect(
        (async () => {
          for await (const row of pool.stream('select * from nobody')) expect(row).toBeUndefined();
        })(),
      ).rejects.toThrow(code('ERR_MYSQL_QUERY'));
      expect(pool.state.busy).toBe(0);
    }));

  test(
    'services that come and go leave no connection behind',
    () =>
      inService(async (skynet) => {
        await connections(skynet, 0);
        const { defineService } = await import('@skynet/core');
        const options = lab();
        const user = defineService(async (own) => {
          await createPool(own, options).query('select 1');
          const db = await connect(own, options);
          own.fork(() => db.query('select sleep(20)'));
        });
        for (let round = 0; round < 10; round++) {
          const handles = await Promise.all(Array.from({ length: 10 }, () => skynet.newService(user)));
          for (const handle of handles) skynet.kill(handle);
        }
        await connections(skynet, 0);
      }),
    120_000,
  );

  test(
    'a server that dies and comes back: what was under way fails, what comes later works',
    () =>
      inService(async (skynet) => {
        const pool = createPool(skynet, { ...lab(), connections: 2 });
        const lost = [pool.query('select sleep(20)'), pool.query('select sleep(20)')];
        await runs(skynet, 'select sleep(20)', 2);
        await Promise.all([
          maria.restart(),
          ...lost.map((each) => expect(each).rejects.toThrow(code('ERR_MYSQL_LOST'))),
        ]);
        expect(await pool.query('select 1 as n')).toEqual([{ n: 1 }]);
      }),
    120_000,
  );
});

describe.skipIf(mariadbMissing !== undefined)(`a server in trouble${why}`, () => {
  test('one that stands still: who has a deadline goes on; when it wakes, all goes on', () =>
    inService(async (skynet) => {
      const pool = createPool(skynet, { ...lab(), connections: 2 });
      const db = await connect(skynet, lab());
      await pool.query('select 1');
      maria.signal('SIGSTOP');
      try {
        // The signal takes its time to reach all of its threads.
        const still = async (): Promise<never> => {
          for (;;) await pool.query('select 2', [], { timeout: '100ms' });
        };
        await expect(still()).rejects.toThrow(code('ERR_TIMEOUT'));
        await expect(db.query('select 2', { timeout: '100ms' })).rejects.toThrow(code('ERR_TIMEOUT'));
        await expect(
          createPool(skynet, { ...lab(), connectTimeout: '100ms' }).query('select 2'),
        ).rejects.toThrow(code('ERR_MYSQL_CONNECT'));
      } finally {
        maria.signal('SIGCONT');
      }
      expect(await pool.query('select 3 as n')).toEqual([{ n: 3 }]);
      expect(await db.query('select 3 as n')).toEqual([{ n: 3 }]);
    }));

  /** Passes bytes on to the server, its answers as `pass` does it. @returns the port. */
  async function proxy(pass: (chunk: Buffer, client: Socket) => void): Promise<number> {
    const server = createServer((client) => {
      const upstream = connectSocket(maria.port, '127.0.0.1');
      client.on('data', (chunk) => upstream.write(chunk));
      upstream.on('data', (chunk) => pass(chunk, client));
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        one.on('error', () => {}).on('close', () => other.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return (server.address() as { port: number }).port;
  }

  test('one that closes in the middle of an answer', () =>
    inService(async (skynet) => {
      let left = Number.POSITIVE_INFINITY;
      const port = await proxy((chunk, client) => {
        client.write(chunk.subarray(0, left));
        left -= chunk.length;
        if (left <= 0) client.end(() => client.destroy());
      });
      const pool = createPool(skynet, { ...lab(), port, connections: 1 });
      const db = await connect(skynet, { ...lab(), port });
      const many = "select seq, repeat('x', 100) as text from seq_1_to_1000";
      for (const bytes of [1, 50, 500, 5000]) {
        for (const ask of [() => pool.query(many), () => db.query(many)]) {
          await Promise.all([pool.query('select 1'), db.query('select 1')]);
          left = bytes;
          await expect(ask(), `${bytes} bytes`).rejects.toThrow(code('ERR_MYSQL_LOST'));
          left = Number.POSITIVE_INFINITY;
        }
      }
      await Promise.all([pool.query('select 1'), db.query('select 1')]);
      left = 5000;
      const seen: unknown[] = [];
      const streamed = (async () => {
        for await (const row of pool.stream(many)) seen.push(row);
      })();
      await expect(streamed).rejects.toThrow(code('ERR_MYSQL_LOST'));
      left = Number.POSITIVE_INFINITY;
      expect(seen.length).toBeLessThan(1000);
      expect(await pool.query('select 4 as n')).toEqual([{ n: 4 }]);
    }));

  test('one whose answers come byte by byte', () =>
    inService(async (skynet) => {
      const port = await proxy((chunk, client) => {
        client.setNoDelay();
        for (const byte of chunk) client.write(Buffer.of(byte));
      });
      const pool = createPool(skynet, { ...lab(), port });
      const rows = await pool.query('select seq as n, null as nothing from seq_1_to_20');
      expect(rows).toHaveLength(20);
      expect(rows[19]).toEqual({ n: 20, nothing: null });
    }));
});

describe('servers that are none', () => {
  async function serve(talk: (socket: Socket) => void): Promise<number> {
    const server: Server = createServer((socket) => {
      socket.on('error', () => {});
      talk(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return (server.address() as { port: number }).port;
  }

  test.each<[string, (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.destroy()],
    ['says nothing', () => {}],
    ['speaks HTTP', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    [
      'sends noise',
      (socket) => socket.write(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 77) & 255))),
    ],
    ['promises 16 MiB', (socket) => socket.write(Buffer.from([0xff, 0xff, 0xff, 0]))],
  ])('one that %s is told of with a code', (_how, talk) =>
    inService(async (skynet) => {
      const port = await serve(talk);
      const options = { port, connectTimeout: '300ms' };
      await expect(connect(skynet, options)).rejects.toThrow(code('ERR_MYSQL_CONNECT'));
      await expect(createPool(skynet, options).query('select 1')).rejects.toThrow(code('ERR_MYSQL_CONNECT'));
    }),
  );

  test('arguments that are nonsense are refused with a code', () =>
    inService(async (skynet) => {
      const nobody = { port: 1 };
      const pool = createPool(skynet, nobody);
      expect(
        await uncoded({
          connect: (value: never) => connect(skynet, value),
          'connect host': (value: never) => connect(skynet, { ...nobody, host: value }),
          'connect onConnect': (value: never) => connect(skynet, { ...nobody, onConnect: value }),
          createPool: (value: never) => createPool(skynet, value),
          'createPool connections': (value: never) => createPool(skynet, { connections: value }),
          query: (value: never) => pool.query(value),
          'query parameters': (value: never) => pool.query('select ?', value),
          transaction: (value: never) => pool.transaction(value),
        }),
      ).toEqual([]);
      expect(() => createPool(skynet, { conections: 5 } as never)).toThrow(code('ERR_ARGUMENT'));
      for (const url of [
        'postgres://lab:secret@host/lab',
        'mysql://lab:secret@host/lab/more',
        'mysql://lab:secret@host/lab?ssl=1',
        'mysql://lab:secret%@host/lab',
        'mysql:///secret',
        'secret',
        '',
      ])
        expect(() => createPool(skynet, { url })).toThrow(
          expect.objectContaining({
            code: 'ERR_ARGUMENT',
            message: 'mysql pool option url must be mysql://user:password@host:port/database',
            details: { key: 'url' },
          }),
        );
    }));
});
