import { defineService, type Skynet } from '@skynet/core';
import { createPool } from '@skynet/mysql';

/** In a table of MySQL or MariaDB, which outlasts the process. */
async function inDatabase(skynet: Skynet, url: string) {
  const db = createPool(skynet, { url });
  await db.run(
    'create table if not exists store (name varbinary(255) primary key, value mediumtext not null)',
  );
  return {
    get: async (key: string): Promise<string | undefined> =>
      (await db.first<{ value: string }>('select value from store where name = ?', [key]))?.value,
    async set(key: string, value: string): Promise<void> {
      await db.run('replace into store (name, value) values (?, ?)', [key, value]);
    },
  };
}

/** In memory, as long as the process lives. */
function inMemory(skynet: Skynet) {
  const values = new Map<string, string>();
  // What new code is given when this file changes while the node runs.
  skynet.handover({
    take: () => [...values],
    give: (state: [string, string][]) => {
      for (const [key, value] of state) values.set(key, value);
    },
  });
  return {
    get: async (key: string): Promise<string | undefined> => values.get(key),
    async set(key: string, value: string): Promise<void> {
      values.set(key, value);
    },
  };
}

/** A store of texts. */
export default defineService((skynet) => {
  skynet.register('.store');
  const url = skynet.getenv('mysql');
  return url ? inDatabase(skynet, url) : inMemory(skynet);
});
