import { defineService } from '@skynet/core';
import { adopt } from '@skynet/core/adopt';
import { createPool } from 'mysql2/promise';

/** The library's own pool, for what `@skynet/mysql` has no method for. */
export default defineService((skynet, port) => {
  const pool = adopt(
    skynet,
    createPool({ host: '127.0.0.1', port: Number(port), user: 'lab', password: 'secret', database: 'lab' }),
    { close: (owned) => owned.end(), code: 'ERR_DB' },
  );
  return {
    async add(a: number, b: number): Promise<number> {
      const [rows] = await pool.execute('select ? + ? as sum', [a, b]);
      return Number((rows as { sum: number }[])[0]?.sum);
    },
    async wrong(): Promise<void> {
      await pool.query('selec 1');
    },
    async sleep(): Promise<boolean> {
      const before = skynet.running();
      await pool.query('select sleep(0.05)');
      return skynet.running() === before;
    },
  };
});
