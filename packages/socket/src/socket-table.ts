import type { ServiceKernel, ThreadKernel } from '@skynet/core/kernel';
import { type ConnectionTable, connectionTable } from '@skynet/core/transport';
import type { Entry, EntryOwner, Register, SocketStat } from './entry.ts';
import { SocketExchange } from './exchange.ts';
import type { Settings } from './options.ts';
import { Stream } from './stream.ts';

/**
 * The sockets that services of this thread work with, by id. Ids are unique in the node, and this is the one place that
 * turns one into a socket; one that another thread has is brought here by {@link fetch}.
 */
export class SocketTable implements Register {
  readonly thread: ThreadKernel;
  /** Connections of other packages, a gate's for example: they can be written to and closed, not read. */
  readonly #shared: ConnectionTable;
  readonly #entries = new Map<number, Entry>();
  /** Closed by their services, but still sending. */
  readonly #closing = new Set<Entry>();
  readonly #exchange: SocketExchange;
  #drained: (() => void) | undefined = undefined;

  /** @param kernel of any service of the thread. */
  constructor(thread: ThreadKernel, kernel: ServiceKernel) {
    this.thread = thread;
    this.#shared = connectionTable(kernel);
    this.#shared.contribute(
      () => [...this.#entries.values(), ...this.#closing].map((entry) => entry.stat()),
      (id, bytes) => this.#deliver(id, bytes),
    );
    thread.onStop(() => this.#stop());
    this.#exchange = new SocketExchange(thread, (id) => {
      const entry = this.#entries.get(id);
      return entry?.kind === 'stream' ? (entry as Stream).release() : undefined;
    });
  }

  /** What a service of another thread writes, or null to close. */
  #deliver(id: number, bytes: Uint8Array | null): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) this.#exchange.deliver(id, bytes);
    else if (entry.kind !== 'stream') return;
    else if (bytes === null) (entry as Stream).hangUp();
    else if ((entry as Stream).accepts()) (entry as Stream).write(bytes, false);
  }

  /** Brings a socket of another thread here, ready to be started; undefined if there is none. */
  async fetch(id: number, settings: Settings): Promise<Stream | undefined> {
    if (!this.#exchange.isElsewhere(id)) return undefined;
    return this.#exchange.fetch(id, ({ connection, unread }) => {
      const stream = new Stream(this, connection, settings, id);
      stream.adopt(unread);
      // Who has asked for it may have ended meanwhile.
      stream.awaitClaim();
      return stream;
    });
  }

  find(id: number): Entry | undefined {
    return this.#entries.get(id);
  }

  add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
  }

  remove(entry: Entry, closing: boolean): void {
    this.#entries.delete(entry.id);
    if (closing) this.#closing.add(entry);
  }

  gone(entry: Entry): void {
    this.#closing.delete(entry);
    if (this.#closing.size === 0) this.#drained?.();
  }

  /** Writes to a connection of another package, or of another thread. */
  writeShared(id: number, bytes: Uint8Array): boolean {
    if (!Number.isSafeInteger(id)) return false;
    return this.#exchange.deliver(id, bytes) || this.#shared.write(id, bytes);
  }

  /** Closes a connection of another package, or of another thread. */
  closeShared(id: number): void {
    if (!Number.isSafeInteger(id)) return;
    if (!this.#exchange.deliver(id, null)) this.#shared.close(id);
  }

  log(owner: EntryOwner | undefined, text: string): void {
    this.thread.log(owner?.handle ?? 0, text);
  }

  /** The sockets of this thread, connections of other packages too. */
  netstat(): SocketStat[] {
    return this.#shared.netstat();
  }

  /** What was written still goes out, for two seconds at most. */
  async #stop(): Promise<void> {
    for (const entry of [...this.#entries.values()]) entry.close();
    if (this.#closing.size > 0) {
      let limit: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        limit = setTimeout(resolve, 2000);
        this.#drained = resolve;
      });
      clearTimeout(limit);
    }
    for (const entry of [...this.#closing]) entry.destroy();
  }
}
