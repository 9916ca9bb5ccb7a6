import type { ServiceKernel, ThreadKernel } from '../contracts/kernel.ts';
import type { Handle } from '../handle.ts';
import type { Connection, ConnectionStat } from './contract.ts';
import { checkBytes } from './payload.ts';
import { readWrites, WriteBatch } from './write-batch.ts';

/**
 * A connection under its id, as packages show theirs to each other: what a gate accepted can be written to with
 * `socket.write` from any service, and stands in `socket.netstat`.
 */
export interface ConnectionEntry {
  /** Unique in the node: `ThreadKernel.nextId()`. What the book calls fd. */
  readonly id: number;
  /** The connection itself; it lives in this thread. */
  readonly connection: Connection;
  /** The service it belongs to, 0 if none. Events go there. */
  readonly owner: Handle;
  /** Bytes received. */
  readonly received: number;
  /** Bytes taken for sending. */
  readonly sent: number;
  /** Bytes received that the service has not seen yet. */
  readonly unread: number;
  /** Takes bytes to send, under the limits of its package. False when they were not taken. */
  write(bytes: Uint8Array): boolean;
  /** Sends what was written, then closes. The owner is told. */
  close(): void;
  /** Closes at once. The owner is told. */
  destroy(): void;
}

const KEY: unique symbol = Symbol.for('skynet.connections');
/** What goes from thread to thread: a batch of writes and closings, or an id and large bytes for it. */
const POST = 'connections';
/** Bytes from this length on are not copied into a batch. */
const LARGE = 1 << 14;
/** How long connections may take to send what was written when the node stops, in milliseconds. */
const GRACE = 2000;

/** What a package keeps in a table of its own. */
interface Contribution {
  readonly list: () => readonly ConnectionStat[];
  readonly deliver: ((id: number, bytes: Uint8Array | null) => void) | undefined;
}

/**
 * The shared connections of one thread. A package adds what it opened or accepted when others may write to it, and
 * removes it when its descriptor is free. One that keeps a table of its own looks here for ids it does not know.
 */
export class ConnectionTable {
  readonly #thread: ThreadKernel;
  readonly #byId = new Map<number, ConnectionEntry>();
  /** What waits to go to other threads, by thread. */
  readonly #outgoing = new Map<number, WriteBatch>();
  #isFlushing = false;
  readonly #others = new Set<Contribution>();
  #empty: (() => void) | undefined;

  constructor(thread: ThreadKernel) {
    this.#thread = thread;
    thread.onPost(POST, (values) => this.#arrived(values));
    thread.onStop(() => this.stop());
  }

  /** How many this thread has. */
  get size(): number {
    return this.#byId.size;
  }

  /** The connection with an id, if it lives in this thread. */
  find(id: number): ConnectionEntry | undefined {
    return this.#byId.get(id);
  }

  /** Shows a connection to other packages, under its id. */
  add(shared: ConnectionEntry): void {
    this.#byId.set(shared.id, shared);
  }

  /** Forgets it. Nothing is closed. */
  remove(id: number): void {
    this.#byId.delete(id);
    if (this.#byId.size === 0) this.#empty?.();
  }

  /**
   * Writes to a connection in whichever thread it lives. Writes of one turn to another thread leave together.
   * @returns false when the bytes were not taken; true for another thread, where that comes to light later.
   */
  write(id: number, bytes: Uint8Array): boolean {
    const entry = this.#byId.get(id);
    return entry === undefined ? this.#post(id, bytes) : entry.write(bytes);
  }

  /** Closes a connection in whichever thread it lives, behind what was written before. */
  close(id: number): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) this.#post(id, null);
    else entry.close();
  }

  #post(id: number, bytes: Uint8Array | null): boolean {
    const to = this.#thread.threadOf(id);
    if (!Number.isInteger(id) || to === this.#thread.number) return false;
    if (bytes !== null) checkBytes(bytes);
    const batch = this.#batchFor(to);
    if (bytes !== null && bytes.length >= LARGE) {
      this.#send(to, batch);
      this.#thread.post(to, POST, [id, bytes]);
      return true;
    }
    batch.add(id, bytes);
    if (batch.isFull) this.#send(to, batch);
    else if (!this.#isFlushing) {
      this.#isFlushing = true;
      process.nextTick(() => this.#flush());
    }
    return true;
  }

  #batchFor(thread: number): WriteBatch {
    let batch = this.#outgoing.get(thread);
    if (batch === undefined) {
      batch = new WriteBatch();
      this.#outgoing.set(thread, batch);
    }
    return batch;
  }

  #flush(): void {
    this.#isFlushing = false;
    for (const [to, batch] of this.#outgoing) this.#send(to, batch);
  }

  #send(to: number, batch: WriteBatch): void {
    if (!batch.isEmpty) this.#thread.post(to, POST, [batch.take()]);
  }

  #arrived(values: unknown[]): void {
    if (values.length === 1) readWrites(values[0] as Uint8Array, this.#take);
    else this.#take(values[0] as number, values[1] as Uint8Array);
  }

  readonly #take = (id: number, bytes: Uint8Array | null): void => {
    const entry = this.#byId.get(id);
    if (entry === undefined) for (const { deliver } of this.#others) deliver?.(id, bytes);
    else if (bytes === null) entry.close();
    else entry.write(bytes);
  };

  /** All that this thread has. */
  all(): IterableIterator<ConnectionEntry> {
    return this.#byId.values();
  }

  /**
   * Adds what a package keeps in a table of its own: to {@link netstat}, and to what other threads can write to and
   * close (`deliver`, with null to close; ids it does not know are none of its business). Returns a function that takes
   * it away.
   */
  contribute(list: Contribution['list'], deliver?: Contribution['deliver']): () => void {
    const contribution = { list, deliver };
    this.#others.add(contribution);
    return () => void this.#others.delete(contribution);
  }

  /** All sockets of the thread, by id. */
  netstat(): ConnectionStat[] {
    const shared = [...this.#byId.values()].map(statOf);
    return [...shared, ...[...this.#others].flatMap(({ list }) => list())].sort((a, b) => a.id - b.id);
  }

  /** Closes all connections, and waits a little for what was written to leave. */
  async stop(): Promise<void> {
    for (const entry of this.#byId.values()) entry.close();
    if (this.#byId.size === 0) return;
    let limit: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      limit = setTimeout(resolve, GRACE);
      this.#empty = resolve;
    });
    clearTimeout(limit);
    for (const entry of this.#byId.values()) entry.destroy();
  }
}

function statOf({ id, connection, owner, received, sent, unread }: ConnectionEntry): ConnectionStat {
  return {
    id,
    type: 'TCP',
    address: owner,
    read: received,
    write: sent,
    rbuffer: unread,
    wbuffer: connection.pendingBytes,
    sock: connection.localAddress,
    peer: connection.remoteAddress,
  };
}

/** The table of the thread a service runs in. */
export function connectionTable(kernel: ServiceKernel): ConnectionTable {
  return kernel.thread.local(KEY, (thread) => new ConnectionTable(thread));
}
