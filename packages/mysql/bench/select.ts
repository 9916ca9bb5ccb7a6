import { createPool } from '@skynet/mysql';
import mysql2, { type Pool } from 'mysql2/promise';
import { startMariaDb } from '../../../test/mariadb.ts';
import { callRate } from '../../core/bench/calls.ts';
import type { BenchCase, Measure } from '../../core/bench/case.ts';
import { inNode } from '../../core/bench/node.ts';

const SELECT = 'select id, name, gold from players where id = ?';
const ROWS = 1000;
const CONNECTIONS = 10;
const SETUP = `use lab; create table players (id int primary key, name varchar(32), gold bigint);
  insert into players select seq, concat('player', seq), seq * 1000 from seq_1_to_${ROWS};`;

/** Rows selected a second from a MariaDB of the measure's own, one by one or with so many under way. */
export function selectCase(name: string, flight: number): BenchCase {
  const measured =
    (
      work: (
        port: number,
        rate: (ask: (id: number) => Promise<unknown>) => Promise<number>,
      ) => Promise<number>,
    ): Measure =>
    async (effort) => {
      const maria = await startMariaDb();
      try {
        maria.sql(SETUP);
        const ask = (one: (id: number) => Promise<unknown>): Promise<number> =>
          callRate(effort, () => one(1 + effort.random(ROWS)), flight, 500);
        return [await work(maria.port, ask)];
      } finally {
        await maria.stop();
      }
    };
  const options = (port: number) => ({
    host: '127.0.0.1',
    port,
    user: 'lab',
    password: 'secret',
    database: 'lab',
  });
  return {
    lines: [{ name, unit: 'rows/s' }],
    floors: {
      mysql2: measured(async (port, rate) => {
        const pool: Pool = mysql2.createPool({
          ...options(port),
          connectionLimit: CONNECTIONS,
          supportBigNumbers: true,
          dateStrings: true,
        });
        try {
          return await rate((id) => pool.query(SELECT, [id]));
        } finally {
          await pool.end();
        }
      }),
    },
    run: measured((port, rate) =>
      inNode((skynet) => {
        const pool = createPool(skynet, { ...options(port), connections: CONNECTIONS });
        return rate((id) => pool.query(SELECT, [id]));
      }),
    ),
  };
}
