import { type Skynet, startNode } from '@skynet/core';
import { createShareData } from '@skynet/core/sharedata';
import type { Family } from '../family.ts';
import { fromTyped } from '../lua-table.ts';
import { type OwnStep, runTableRow, type TableStep } from '../table-rows.ts';

/** Shared tables of one node. Names are the node's, so that all rows run in one. */
export const run: Family = async (file) => {
  const node = await startNode({ watchdog: false }, { onLog: () => {} });
  const results: unknown[] = [];
  for (const { steps } of file.rows as unknown as { steps: TableStep[] }[])
    results.push(await node.run((skynet) => runTableRow(skynet, steps, stepsOf(skynet))));
  await node.stop();
  return results;
};

function stepsOf(skynet: Skynet): OwnStep {
  const sharedata = createShareData(skynet);
  return async ({ op, name = '', as = name, value, path = [] }, kept) => {
    const table = value === undefined ? undefined : fromTyped(value);
    switch (op) {
      case 'new':
        await sharedata.new(name, table);
        return [];
      case 'update':
        await sharedata.update(name, table);
        return [];
      case 'delete':
        await sharedata.delete(name);
        return [];
      case 'flush':
        await sharedata.flush();
        return [];
      case 'query':
        kept.set(as, await sharedata.query(name));
        return [true];
      case 'deepcopy':
        return [await sharedata.deepcopy(name, ...(await keysOf(name, path)))];
      default:
        return undefined;
    }
  };

  /** Keys of the original: in a list they begin at 1. */
  async function keysOf(name: string, path: NonNullable<TableStep['path']>): Promise<unknown[]> {
    const keys: unknown[] = [];
    for (const each of path) {
      const key = fromTyped(each);
      const isList = Array.isArray(await sharedata.deepcopy(name, ...keys));
      keys.push(isList && typeof key === 'number' ? key - 1 : key);
    }
    return keys;
  }
}
