import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { mariadbMissing, startMariaDb } from '../../../test/mariadb.ts';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

test('the README explains every option', () => {
  const interfaces =
    (read('src/options.ts') + read('src/connect-options.ts')).match(
      /export interface (Server|Connect|Pool)Options[\s\S]*?\n}/g,
    ) ?? [];
  expect(interfaces).toHaveLength(3);
  const options = interfaces.flatMap((text) =>
    [...text.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name),
  );
  expect(options.length).toBeGreaterThan(15);
  const table = read('README.md').split('## Options')[1]?.split('## Errors')[0] ?? '';
  for (const option of options) expect(table, option).toContain(`\`${option}\``);
});

test.skipIf(mariadbMissing !== undefined)(
  `the first program of the README is the one that is run here, and does what it says${mariadbMissing ?? ''}`,
  async () => {
    const [, program] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
    expect(program).toBe(read('test/fixtures/services/readme.ts'));
    const maria = await startMariaDb();
    onTestFinished(() => maria.stop());
    maria.sql(
      "create database game; create user game@'127.0.0.1' identified by 'secret'; grant all on game.* to game@'127.0.0.1';" +
        'use game; create table players (id int primary key, name varchar(20), gold bigint);' +
        "insert into players values (1, 'Alice', 100), (2, 'Bob', 0)",
    );
    const node = await startTestNode(
      { services: ['./services/?'] },
      { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
    );
    await node.run(async (skynet) => {
      skynet.setenv('mysql_port', String(maria.port));
      const players = await skynet.newService('readme');
      await skynet.call(players, 'lua', 'give', 1, 2, 60);
      await expect(skynet.call(players, 'lua', 'give', 1, 2, 60)).rejects.toThrow('not enough gold');
      expect(await skynet.call(players, 'lua', 'load', 1)).toEqual({ id: 1, name: 'Alice', gold: 40 });
      expect(await skynet.call(players, 'lua', 'load', 2)).toEqual({ id: 2, name: 'Bob', gold: 60 });
    });
  },
  120_000,
);
