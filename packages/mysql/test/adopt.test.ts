import { defineService, type Handle, isSkynetError, type Skynet } from '@skynet/core';
import { adopt, adoptIterable } from '@skynet/core/adopt';
import { startTestNode, until } from '@skynet/core/testing';
import type { Connection } from 'mysql2';
import { createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type MariaDb, mariadbMissing, startMariaDb } from '../../../test/mariadb.ts';

// A library in a service without a package of ours: mysql2 as it is, on a real server.

const why = mariadbMissing === undefined ? '' : ` (left out: ${mariadbMissing})`;
const onServer = test.skipIf(mariadbMissing !== undefined);

let maria: MariaDb;
beforeAll(async () => {
  if (mariadbMissing === undefined) maria = await startMariaDb();
});
afterAll(() => maria?.stop());

/** A pool as an application adopts one. */
function adoptPool(skynet: Skynet): Pool {
  const pool = createPool({
    host: '127.0.0.1',
    port: maria.port,
    user: 'lab',
    password: 'secret',
    database: 'lab',
    connectionLimit: 4,
  });
  return adopt(skynet, pool, { close: (client) => client.end() });
}

/** Resolves when the server counts so many connections of the user. */
function connections(wanted: number): Promise<void> {
  const what = (): string => `there are ${wanted} connections; the server has ${maria.connections()}`;
  return until(() => maria.connections() === wanted, { what });
}

onServer(`an adopted mysql2 works in the turns of its service${why}`, async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(async (skynet) => {
    const pool = adoptPool(skynet);
    await pool.query('create table heroes (id int primary key, name text)');
    const me = skynet.running();
    const [result] = await pool.execute("insert into heroes values (1, 'bob'), (2, 'tom')");
    expect(result).toMatchObject({ affectedRows: 2 });
    expect(skynet.running()).toBe(me);
    // Several at once, each in the task that asked.
    const names = await Promise.all(
      [1, 2].map((id) => pool.query('select name from heroes where id = ?', [id])),
    );
    expect(names.map(([rows]) => rows)).toEqual([[{ name: 'bob' }], [{ name: 'tom' }]]);
    expect(skynet.running()).toBe(me);
  });
});

onServer(`what a pool gives is adopted too: connections, transactions, rows one by one${why}`, async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(async (skynet) => {
    const pool = adoptPool(skynet);
    const me = skynet.running();
    await pool.query('create table counts (n int)');
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query('insert into counts values (1), (2), (3)');
    await connection.rollback();
    await connection.beginTransaction();
    await connection.query('insert into counts values (4), (5)');
    await connection.commit();
    expect(skynet.running()).toBe(me);
    const plain = connection.connection as unknown as Connection;
    const rows = plain.query('select n from counts order by n').stream();
    const seen: unknown[] = [];
    for await (const row of adoptIterable(skynet, rows as AsyncIterable<{ n: number }>)) {
      seen.push(row.n);
      expect(skynet.running()).toBe(me);
    }
    expect(seen).toEqual([4, 5]);
    connection.release();
  });
});

onServer(
  `an error has our code, the library's own code as detail, and the line that asked${why}`,
  async () => {
    const node = await startTestNode({}, { after: onTestFinished });
    await node.run(async (skynet) => {
      const error: unknown = await adoptPool(skynet)
        .query('selekt 1')
        .catch((thrown: unknown) => thrown);
      expect(isSkynetError(error, 'ERR_LIBRARY')).toBe(true);
      expect(error).toMatchObject({
        details: { code: 'ER_PARSE_ERROR', errno: 1064, sqlState: '42000' },
        cause: { code: 'ER_PARSE_ERROR' },
      });
    });
  },
);

onServer(`the pool ends with its service, however that ends; who waits hears of it${why}`, async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  const waiter = defineService((skynet) => {
    const pool = adoptPool(skynet);
    return {
      one: async () => (await pool.query('select 1 as one'))[0],
      sleep: () => pool.query('select sleep(30)'),
    };
  });
  const handle: Handle = await node.newService(waiter);
  await node.run(async (skynet) => {
    expect(await skynet.call(handle, 'lua', 'one')).toEqual([{ one: 1 }]);
    await skynet.await(connections(1));
    const sleeping = skynet.call(handle, 'lua', 'sleep').catch((error: unknown) => error);
    skynet.kill(handle);
    expect(isSkynetError(await sleeping, 'ERR_SERVICE_GONE')).toBe(true);
  });
  // The server goes on with the statement, but a pool that nobody has takes no more.
  maria
    .sql("select concat('kill ', id, ';') from information_schema.processlist where user = 'lab'")
    .split('\n')
    .filter((line) => line !== '')
    .forEach((line) => void maria.sql(line));
  await connections(0);
});

onServer(`a server that goes away fails what waits, and the pool connects anew${why}`, async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(async (skynet) => {
    const pool = adoptPool(skynet);
    await pool.query('select 1');
    const lost = pool.query('select sleep(30)').catch((error: unknown) => error);
    await skynet.await(connections(1));
    await skynet.await(maria.restart());
    expect(isSkynetError(await lost, 'ERR_LIBRARY')).toBe(true);
    expect((await pool.query('select 2 as two'))[0]).toEqual([{ two: 2 }]);
  });
});
