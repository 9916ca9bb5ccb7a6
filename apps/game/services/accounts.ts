// Who may play, where there is a MySQL or MariaDB (MYSQL_URL): a name belongs to whoever came first with it, and to the
// password of that moment.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { defineService } from '@skynet/core';
import { createPool } from '@skynet/mysql';

const HASH = 32;
const hash = promisify<string, Buffer, number, Buffer>(scrypt);

interface Account {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

export default defineService(async (skynet) => {
  const db = createPool(skynet, { url: skynet.getenv('mysql') ?? '' });
  await db.run(
    `create table if not exists accounts (
      name varchar(20) character set utf8mb4 collate utf8mb4_bin primary key,
      salt binary(16) not null, hash binary(${HASH}) not null, since timestamp not null default current_timestamp)`,
  );
  skynet.register('.accounts');

  return {
    /** Whether this is the password of that name; makes the account if there is none. */
    async check(name: string, word: string): Promise<boolean> {
      if (word === '') return false;
      const find = (): Promise<Account | undefined> =>
        db.first<Account>('select salt, hash from accounts where name = ?', [name]);
      let account = await find();
      if (account === undefined) {
        const salt = randomBytes(16);
        const made = await skynet.await(hash(word, salt, HASH));
        // Of two who come at once one has it.
        await db.run('insert ignore into accounts (name, salt, hash) values (?, ?, ?)', [name, salt, made]);
        account = (await find()) as Account;
      }
      const given = await skynet.await(hash(word, Buffer.from(account.salt), HASH));
      return timingSafeEqual(given, account.hash);
    },
  };
});
