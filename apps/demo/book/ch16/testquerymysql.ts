// Book 16.3: a task that waits for the server lets the others go on.
import { defineService } from '@skynet/core';
import { connect, type MysqlDb } from '@skynet/mysql';
import { portOf } from '../address.ts';

export default defineService(async (skynet) => {
  const test = async (db: MysqlDb, name: string): Promise<void> => {
    for (let i = 1; ; i++) {
      let dogs = (await db.query('select * from dogs')) as object[]; // Twice in ten seconds.
      skynet.error(name, 'loop times=', i, dogs.length);
      dogs = (await db.query('select * from dogs')) as object[];
      skynet.error(name, 'loop times=', i, dogs.length);
      await skynet.sleep(1000);
    }
  };
  const db = await connect(skynet, {
    host: '127.0.0.1',
    port: portOf(skynet, 3306),
    database: 'skynet',
    user: 'root',
    password: '123456',
    maxPacketSize: 1024 * 1024,
    onConnect: () => skynet.error('on_connect'),
  });
  skynet.error('success to connect to mysql server');
  for (const name of ['test0', 'test1', 'test2']) skynet.fork(test, db, name);
});
