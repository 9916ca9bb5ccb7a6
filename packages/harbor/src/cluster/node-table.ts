import { printable, readLuaConfig } from '@skynet/core';
import { parseAddress } from '@skynet/core/transport';
import { clusterError } from './errors.ts';

/**
 * Nodes by name: where each listens, `"host:port"`, or `false` for one that is down. Names with `__` in front are options:
 * `__nowaiting: true` lets requests to nodes that stand in no table fail at once; they wait for one otherwise. `__backlog`
 * is how many bytes may wait for one node, by default 256 MiB: above it calls fail with ERR_OVERLOADED and sends are dropped.
 */
export type NodeTable = Readonly<Record<string, string | boolean | number>>;

/** What a table says, taken apart. */
export interface ReadTable {
  readonly nodes: ReadonlyMap<string, string | false>;
  readonly options: ReadonlyMap<string, unknown>;
}

/** @throws ERR_CLUSTER_TABLE. */
export function readTable(table: unknown): ReadTable {
  const nodes = new Map<string, string | false>();
  const options = new Map<string, unknown>();
  for (const [name, address] of entriesOf(table)) {
    if (typeof name !== 'string' || name === '')
      throw clusterError('ERR_CLUSTER_TABLE', `a table of nodes has names, not ${printable(name)}`);
    if (name === '__backlog' && !(Number.isInteger(address) && (address as number) > 0))
      throw clusterError(
        'ERR_CLUSTER_TABLE',
        `__backlog is a number of bytes above 0, not ${printable(address)}`,
        { details: { name } },
      );
    if (name.startsWith('__')) options.set(name.slice(2), address);
    else if (address === false || isAddress(address)) nodes.set(name, address);
    else
      throw clusterError(
        'ERR_CLUSTER_TABLE',
        `node ${printable(name)} is "host:port" or false, not ${printable(address)}`,
        { details: { name } },
      );
  }
  return { nodes, options };
}

/**
 * Reads a file of the original's: `db = "127.0.0.1:2528"`, a line for each node.
 * @throws ERR_CLUSTER_TABLE; `cause` has file and line.
 */
export function readTableFile(file: string): ReadTable {
  let values: ReturnType<typeof readLuaConfig>;
  try {
    values = readLuaConfig(file);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw clusterError('ERR_CLUSTER_TABLE', `the table of nodes cannot be read: ${text}`, {
      cause,
      details: { file },
    });
  }
  return readTable(values);
}

function isAddress(value: unknown): value is string {
  try {
    parseAddress(value as string);
    return true;
  } catch {
    return false;
  }
}

function entriesOf(table: unknown): Iterable<[unknown, unknown]> {
  if (table instanceof Map) return table;
  // An empty table of Lua.
  if (Array.isArray(table) && table.length === 0) return [];
  if (typeof table !== 'object' || table === null || Array.isArray(table))
    throw clusterError('ERR_CLUSTER_TABLE', `a table of nodes is an object, not ${printable(table)}`);
  return Object.entries(table);
}
