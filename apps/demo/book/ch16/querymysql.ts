// Book 16.2: statements, and all that they can give.
import { defineService } from '@skynet/core';
import { connect } from '@skynet/mysql';
import { portOf } from '../address.ts';

export default defineService(async (skynet) => {
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
  const dump = (value: object, depth = 0): void => {
    const tab = '\t'.repeat(depth);
    if (depth === 0) skynet.error('.....dump.....');
    skynet.error(`${tab}{`);
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === 'object' && item !== null) dump(item, depth + 1);
      else skynet.error(tab, key, '=', item, ',');
    }
    skynet.error(`${tab}}`);
  };

  dump(await db.query('set charset utf8'));
  dump(await db.query('drop table if exists dogs'));
  dump(await db.query('create table dogs (id int primary key,name varchar(10))'));
  dump(await db.query("insert into dogs values (1, 'black'), (2, 'red')"));
  dump(await db.query('select * from dogs'));
  dump(await db.query('select * from dogs; select * from dogs')); // Several statements.
  dump(await db.query('select * from noexist;')); // What the server refuses is a result too.

  db.disconnect();
  skynet.exit();
});
