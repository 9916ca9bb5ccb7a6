// Book 16.1: a connection to MySQL.
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
    maxPacketSize: 1024 * 1024, // Most bytes of one statement.
    onConnect: () => skynet.error('on_connect'),
  });
  skynet.error('success to connect to mysql server');
  db.disconnect();
});
