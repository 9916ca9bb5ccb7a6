// What players own, in MySQL or MariaDB if the configuration names one (`SKYNET_MYSQL=mysql://user:password@host/database`),
// else in memory, for as long as the node runs.
import { defineService, type Skynet } from '@skynet/core';
import { createPool } from '@skynet/mysql';

/** What a player owns. */
export interface Bag {
  readonly gold: number;
  readonly items: readonly string[];
}

interface Store {
  load(uid: string): Promise<Bag>;
  /** Puts an item into a bag for its price. False if there is not enough gold. */
  buy(uid: string, item: string, price: number): Promise<boolean>;
}

/** What a player begins with. */
const NEW: Bag = { gold: 100, items: [] };

export default defineService(async (skynet) => {
  const url = skynet.getenv('mysql');
  const store = url === undefined ? embeddedStore() : await mysqlStore(skynet, url);
  skynet.register('.playerstore');
  return {
    load: (uid: string) => store.load(uid),
    buy: (uid: string, item: string, price: number) => store.buy(uid, item, price),
  };
});

function embeddedStore(): Store {
  const bags = new Map<string, Bag>();
  const load = async (uid: string): Promise<Bag> => bags.get(uid) ?? NEW;
  return {
    load,
    async buy(uid, item, price) {
      const { gold, items } = await load(uid);
      if (gold < price) return false;
      bags.set(uid, { gold: gold - price, items: [...items, item] });
      return true;
    },
  };
}

async function mysqlStore(skynet: Skynet, url: string): Promise<Store> {
  const db = createPool(skynet, { url });
  await db.run('create table if not exists players (uid varchar(255) binary primary key, gold int not null)');
  await db.run(
    'create table if not exists player_items (id bigint primary key auto_increment, uid varchar(255) binary not null, item varchar(64) not null, index (uid))',
  );
  return {
    async load(uid) {
      const player = await db.first<{ gold: number }>('select gold from players where uid = ?', [uid]);
      const rows = await db.query<{ item: string }>(
        'select item from player_items where uid = ? order by id',
        [uid],
      );
      return { gold: player?.gold ?? NEW.gold, items: rows.map(({ item }) => item) };
    },
    buy: (uid, item, price) =>
      db.transaction(async (transaction) => {
        await transaction.run('insert ignore into players (uid, gold) values (?, ?)', [uid, NEW.gold]);
        const { affectedRows } = await transaction.run(
          'update players set gold = gold - ? where uid = ? and gold >= ?',
          [price, uid, price],
        );
        if (affectedRows === 0) return false;
        await transaction.run('insert into player_items (uid, item) values (?, ?)', [uid, item]);
        return true;
      }),
  };
}
