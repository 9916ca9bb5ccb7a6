import { afterAll, beforeAll, describe, test } from 'vitest';
import { type MariaDb, mariadbMissing, startMariaDb } from '../../../../test/mariadb.ts';
import { testChapter } from './book.ts';

if (mariadbMissing === undefined) {
  let maria: MariaDb;

  beforeAll(async () => {
    maria = await startMariaDb();
    maria.sql(
      "create database skynet; create table skynet.dogs (id int primary key, name varchar(10)); insert into skynet.dogs values (1, 'black'), (2, 'red'); create or replace user root@'127.0.0.1' identified by '123456'; grant all on *.* to root@'127.0.0.1'",
    );
  });

  afterAll(() => maria?.stop());

  testChapter('ch16', () => ({ ports: { 3306: maria.port }, timeScale: 0.3 }));
} else {
  describe.skip(`ch16 (left out: ${mariadbMissing})`, () => {
    test('transcripts', () => {});
  });
}
