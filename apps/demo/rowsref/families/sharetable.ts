import { type Skynet, startNode } from '@skynet/core';
import { createShareTable } from '@skynet/core/sharetable';
import type { Family } from '../family.ts';
import { fromTyped } from '../lua-table.ts';
import { type OwnStep, runTableRow, type TableStep } from '../table-rows.ts';

/** Shared tables that stay as they are until their reader moves on. */
export const run: Family = async (file) => {
  const node = await startNode({ watchdog: false }, { onLog: () => {} });
  const results: unknown[] = [];
  for (const { steps } of file.rows as unknown as { steps: TableStep[] }[])
    results.push(await node.run((skynet) => runTableRow(skynet, steps, stepsOf(skynet))));
  await node.stop();
  return results;
};

function stepsOf(skynet: Skynet): OwnStep {
  const sharetable = createShareTable(skynet);
  /** Under which name what is kept was asked for: `update` moves those. */
  const asked = new Map<string, string>();
  return async ({ op, name = '', names, as = name, value }, kept) => {
    switch (op) {
      case 'loadtable':
        await sharetable.loadTable(name, fromTyped(value ?? null) as object);
        return [];
      case 'tquery': {
        const table = await sharetable.query(name);
        kept.set(as, table);
        if (table !== undefined) asked.set(as, name);
        return table === undefined ? [null] : [true];
      }
      case 'tqueryall':
      case 'queryall':
        return [await sharetable.queryAll(names)];
      case 'tupdate':
      case 'update':
        for (const each of names ?? [name]) {
          await sharetable.update(each);
          const newest = await sharetable.query(each);
          // The original puts the new table in the place of the old one wherever that is held.
          for (const [key, from] of asked) if (from === each && newest !== undefined) kept.set(key, newest);
        }
        return [];
      default:
        return undefined;
    }
  };
}
