import { printable, type SkynetError } from '@skynet/core';
import type { Connection, Listener as TransportListener } from '@skynet/core/transport';
import type { Entry, EntryOwner, SocketStat } from './entry.ts';
import type { Settings } from './options.ts';
import type { SocketTable } from './socket-table.ts';
import { Stream } from './stream.ts';

/** Called for every connection, with its id and the peer's `ip:port`. The id must be started to be used. */
export type AcceptCallback = (id: number, address: string) => unknown;

/** A listening socket. Connections that come before it is started wait. */
export class Listener implements Entry {
  readonly kind = 'listener';
  readonly id: number;
  owner: EntryOwner | undefined = undefined;
  failure: SkynetError | undefined = undefined;
  ended = false;
  readonly #table: SocketTable;
  readonly #settings: Settings;
  readonly #backlog: number;
  #listener: TransportListener | undefined = undefined;
  #accept: AcceptCallback | undefined = undefined;
  #waiting: Connection[] = [];
  #accepted = 0;
  #claim: NodeJS.Timeout | undefined = undefined;
  /** Filled by the transport before it is known to listen. */
  readonly onConnection: (connection: Connection) => void = (connection) => {
    if (this.ended) connection.destroy();
    else if (this.#accept === undefined) this.#hold(connection);
    else this.#pass(connection, this.#accept);
  };
  readonly onAcceptError: (error: SkynetError) => void = (error) => {
    this.#table.log(this.owner, `socket: accept error on ${this.id} ${printable(error)}`);
  };

  constructor(table: SocketTable, settings: Settings, backlog: number) {
    this.id = table.thread.nextId();
    this.#table = table;
    this.#settings = settings;
    this.#backlog = backlog;
  }

  /** The transport listens. */
  opened(listener: TransportListener): void {
    this.#listener = listener;
    this.#table.add(this);
  }

  get localAddress(): string {
    return this.#listener?.address ?? '';
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Whether it is started and accepts. */
  get started(): boolean {
    return this.#accept !== undefined;
  }

  /** Hands connections to a service. */
  start(owner: EntryOwner, accept: AcceptCallback): void {
    clearTimeout(this.#claim);
    owner.take(this);
    this.#accept = accept;
    for (const connection of this.#waiting.splice(0)) this.#pass(connection, accept);
    this.#listener?.resume();
  }

  /** Accepts no more until it is started again, here or elsewhere. */
  pause(): void {
    this.#accept = undefined;
    this.#listener?.pause();
  }

  /** Leaves it to whoever starts it next; closed if nobody does in time. */
  abandon(): void {
    this.pause();
    this.owner?.drop(this);
    const { claimTimeout } = this.#settings;
    if (claimTimeout === 0) return;
    this.#claim = setTimeout(() => {
      this.#table.log(
        undefined,
        `socket: nobody started ${this.id} (${printable(this.localAddress)}) within ${claimTimeout / 1000} s, closed`,
      );
      this.destroy();
    }, claimTimeout);
    this.#claim.unref();
  }

  #hold(connection: Connection): void {
    this.#waiting.push(connection);
    if (this.#waiting.length >= this.#backlog) this.#listener?.pause();
  }

  #pass(connection: Connection, accept: AcceptCallback): void {
    const { owner } = this;
    if (owner === undefined || connection.closed) {
      connection.destroy();
      return;
    }
    this.#accepted += 1;
    const stream = new Stream(this.#table, connection, this.#settings);
    stream.awaitClaim();
    owner.kernel.enqueue(accept, stream.id, stream.remoteAddress);
  }

  close(): void {
    this.destroy();
  }

  destroy(failure?: SkynetError): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.#claim);
    this.failure = failure;
    this.owner?.drop(this);
    this.#table.remove(this, false);
    for (const connection of this.#waiting.splice(0)) connection.destroy();
    void this.#listener?.close();
  }

  stat(): SocketStat {
    return {
      id: this.id,
      type: 'LISTEN',
      address: this.owner?.handle ?? 0,
      read: this.#accepted,
      write: 0,
      rbuffer: this.#waiting.length,
      wbuffer: 0,
      sock: this.localAddress,
      peer: undefined,
    };
  }
}
