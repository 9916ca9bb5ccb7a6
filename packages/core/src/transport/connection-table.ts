import type { ServiceKernel } from '../contracts/kernel.ts';
import type { Connection } from './contract.ts';

/** A connection under the number that services know it by. */
export interface ConnectionEntry {
  readonly id: number;
  readonly connection: Connection;
  /** Service that reads it, 0 for nobody yet. */
  owner: number;
  /** `accept` or `connect`: how it came about. */
  readonly origin: 'accept' | 'connect';
  read: number;
  written: number;
  /** Sends through whoever manages the connection's output; plain `connection.write` unless replaced. */
  write: (bytes: Uint8Array) => void;
}

/** The connections of a thread by number, so that any service can write to any of them, whoever opened it. */
export class ConnectionTable {
  readonly #entries = new Map<number, ConnectionEntry>();
  readonly #nextId: () => number;

  constructor(nextId: () => number) {
    this.#nextId = nextId;
  }

  add(connection: Connection, origin: 'accept' | 'connect'): ConnectionEntry {
    const entry: ConnectionEntry = {
      id: this.#nextId(),
      connection,
      owner: 0,
      origin,
      read: 0,
      written: 0,
      write: (bytes) => connection.write(bytes),
    };
    this.#entries.set(entry.id, entry);
    return entry;
  }

  get(id: number): ConnectionEntry | undefined {
    return this.#entries.get(id);
  }

  remove(id: number): void {
    this.#entries.delete(id);
  }

  all(): IterableIterator<ConnectionEntry> {
    return this.#entries.values();
  }
}

const KEY = Symbol('skynet.connections');

/** The table of the thread that a service runs in. */
export function connectionTable(kernel: ServiceKernel): ConnectionTable {
  return kernel.local(KEY, ({ nextId, onStop }) => {
    const table = new ConnectionTable(nextId);
    onStop(() => {
      for (const { connection } of table.all()) connection.destroy();
    });
    return table;
  });
}
