import type { KV, KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Handle } from '@skynet/core';
import { isHandle } from '@skynet/core/kernel';
import type { MeshNode } from '../mesh/node.ts';
import { loaded } from './connection.ts';

// What a mesh keeps in NATS: two buckets of keys and values, each change of a key by compare-and-set.
//
//   skynet_<mesh>         node.<id>     {id, incarnation, address}    who is there; watched by all
//                         name.<hex>    {handle, incarnation}         who has a name; watched by all
//   skynet_<mesh>_lease   <id>          {incarnation, process}        runs out unless it is renewed; watched by nobody
//
// The lease says who may have an id. Only the node that has it writes the others under that id, or whoever has found that the
// lease has run out.

/** A lease, as it is written. */
export interface Lease {
  readonly incarnation: string;
  /** The process that has it, see `process-mark.ts`. */
  readonly process: string;
}

/** Who has a name. */
export interface NameEntry {
  readonly handle: Handle;
  readonly incarnation: string;
}

/** A value, and what has to be named to change it. */
export interface Kept<Value> {
  /** Undefined where there is none: it was taken out, or never was. */
  readonly value: Value | undefined;
  readonly revision: number;
  /** Whether somebody has taken it out, in place of it having run out. */
  readonly isDeleted: boolean;
}

/** The server already has such a bucket, made otherwise. */
const NAME_IN_USE = 10058;
/** The key was changed meanwhile. */
const WRONG_SEQUENCE = new Set([10071, 10164]);

export class Store {
  readonly #entries: KV;
  readonly #leases: KV;
  /** Milliseconds after which a lease runs out. Whoever has made the bucket has chosen it. */
  readonly leaseTime: number;

  private constructor(entries: KV, leases: KV, leaseTime: number) {
    this.#entries = entries;
    this.#leases = leases;
    this.leaseTime = leaseTime;
  }

  /** Opens the buckets of a mesh, and makes them if they are not there. */
  static async open(
    nc: NatsConnection,
    mesh: string,
    { lease, replicas }: { readonly lease: number; readonly replicas: number },
  ): Promise<Store> {
    const { Kvm } = await loaded(import('@nats-io/kv'));
    const kvm = new Kvm(nc);
    const open = async (name: string, ttl: number): Promise<KV> => {
      try {
        // Reads are answered by the server that decides: no old copies.
        return await kvm.create(name, { history: 1, replicas, ttl, allow_direct: false });
      } catch (error) {
        if (codeOf(error) !== NAME_IN_USE) throw error;
        return kvm.open(name, { allow_direct: false });
      }
    };
    const leases = await open(`skynet_${mesh}_lease`, lease);
    const entries = await open(`skynet_${mesh}`, 0);
    return new Store(entries, leases, (await leases.status()).ttl);
  }

  // --- leases

  async lease(id: number): Promise<Kept<Lease>> {
    return kept(await this.#leases.get(String(id)), readLease);
  }

  /** Writes a lease if it still has that revision, 0 for none; its new revision. @throws see {@link isOvertaken}. */
  writeLease(id: number, lease: Lease, revision: number): Promise<number> {
    return this.#leases.put(String(id), JSON.stringify(lease), { previousSeq: revision });
  }

  /** Ends a lease before it runs out. */
  endLease(id: number, revision: number): Promise<void> {
    return this.#leases.delete(String(id), { previousSeq: revision });
  }

  // --- nodes

  async node(id: number): Promise<Kept<MeshNode>> {
    return kept(await this.#entries.get(`node.${id}`), nodeOf(id));
  }

  putNode(node: MeshNode, revision: number): Promise<number> {
    return this.#entries.put(`node.${node.id}`, JSON.stringify(node), { previousSeq: revision });
  }

  /** Takes a node out; `isLost`: not by itself. */
  async takeOut(id: number, revision: number, isLost: boolean): Promise<void> {
    if (isLost) await this.#entries.purge(`node.${id}`, { previousSeq: revision });
    else await this.#entries.delete(`node.${id}`, { previousSeq: revision });
  }

  // --- names

  async name(name: string): Promise<Kept<NameEntry>> {
    return kept(await this.#entries.get(keyOf(name)), readName);
  }

  writeName(name: string, entry: NameEntry, revision: number): Promise<number> {
    return this.#entries.put(keyOf(name), JSON.stringify(entry), { previousSeq: revision });
  }

  freeName(name: string, revision: number): Promise<void> {
    return this.#entries.delete(keyOf(name), { previousSeq: revision });
  }

  // --- watching

  /**
   * All that is there, then each change. `isAll` comes with the last of what was there at first; there must be something. Ends
   * when it is stopped, or when NATS has forgotten about it.
   */
  async watch(): Promise<{ changes: AsyncIterable<Change>; stop: () => void }> {
    const iterator = await this.#entries.watch();
    async function* changes(): AsyncGenerator<Change> {
      for await (const entry of iterator)
        yield { ...changeOf(entry), isAll: entry.isUpdate, revision: entry.revision };
    }
    return { changes: changes(), stop: () => iterator.stop() };
  }

  /** When what all watch was made, and its newest revision. */
  async state(): Promise<{ readonly made: string; readonly last: number }> {
    const { created, state } = (await this.#entries.status()).streamInfo;
    return { made: String(created), last: state.last_seq };
  }
}

/** One change of what all nodes see. */
export type Change = { readonly isAll: boolean; readonly revision: number } & (
  | { readonly what: 'node'; readonly id: number; readonly kept: Kept<MeshNode>; readonly isLost: boolean }
  | { readonly what: 'name'; readonly name: string; readonly kept: Kept<NameEntry> }
  | { readonly what: 'nothing' }
);

type Unmarked<Type> = Type extends unknown ? Omit<Type, 'isAll' | 'revision'> : never;

function changeOf(entry: KvEntry): Unmarked<Change> {
  const [kind, rest = ''] = entry.key.split('.');
  const id = Number(rest);
  if (kind === 'node' && isId(id) && entry.key === `node.${id}`)
    return { what: 'node', id, kept: kept(entry, nodeOf(id)), isLost: entry.operation === 'PURGE' };
  const name = Buffer.from(rest, 'hex').toString();
  if (kind === 'name' && entry.key === keyOf(name))
    return { what: 'name', name, kept: kept(entry, readName) };
  return { what: 'nothing' };
}

function kept<Value>(entry: KvEntry | null, read: (value: unknown) => Value | undefined): Kept<Value> {
  if (entry === null) return { value: undefined, revision: 0, isDeleted: false };
  const isDeleted = entry.operation !== 'PUT';
  return { value: isDeleted ? undefined : read(parsed(entry)), revision: entry.revision, isDeleted };
}

/** What others wrote may be anything; what is none of ours counts as not there. */
function parsed(entry: KvEntry): unknown {
  try {
    return JSON.parse(entry.string());
  } catch {
    return undefined;
  }
}

function readLease(value: unknown): Lease | undefined {
  const { incarnation, process } = (value ?? {}) as Partial<Lease>;
  return isIncarnation(incarnation) && typeof process === 'string' ? { incarnation, process } : undefined;
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 255;
}

/** Reads what stands under the key of that node. */
function nodeOf(key: number): (value: unknown) => MeshNode | undefined {
  return (value) => {
    const { id, incarnation, address } = (value ?? {}) as Partial<MeshNode>;
    return id === key && isIncarnation(incarnation) && typeof address === 'string'
      ? { id, incarnation, address }
      : undefined;
  };
}

function readName(value: unknown): NameEntry | undefined {
  const { handle, incarnation } = (value ?? {}) as Partial<NameEntry>;
  return isHandle(handle) && isIncarnation(incarnation) ? { handle, incarnation } : undefined;
}

function isIncarnation(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
}

/** Names may have any letters, keys may not. */
function keyOf(name: string): string {
  return `name.${Buffer.from(name).toString('hex')}`;
}

function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** Whether a change was refused because somebody else was faster. */
export function isOvertaken(error: unknown): boolean {
  return WRONG_SEQUENCE.has(codeOf(error) ?? 0);
}
