import { type Handle, printable } from '@skynet/core';
import type { ServiceKernel } from '@skynet/core/kernel';
import type { Connection, ConnectionStat } from '@skynet/core/transport';
import { connectionStat, type Traffic } from '../netstat.ts';
import { createSlaveReader, encodeControl, type ToMaster, type ToSlave, type Unknown } from './control.ts';
import { harborError } from './errors.ts';

/** Milliseconds that connecting may take, and after which a silent connection is probed. */
const CONNECT_TIME = 10_000;

/** Who hears of the master, in turns of the service. */
export interface MasterLinkOwner {
  /** What the master tells, in the order of coming. */
  told(message: ToSlave | Unknown): void;
  /** The connection is over. */
  closed(): void;
}

/** A node's connection to the master of its network; another after each loss. */
export class MasterLink {
  readonly #kernel: ServiceKernel;
  readonly #address: string;
  readonly #owner: MasterLinkOwner;
  #connection: Connection | undefined;
  /** Of this connection, or the last: its number, and bytes both ways. */
  #traffic = { fd: 0, received: 0, sent: 0 };

  constructor(kernel: ServiceKernel, address: string, owner: MasterLinkOwner) {
    this.#kernel = kernel;
    this.#address = address;
    this.#owner = owner;
  }

  /** Whether there is a connection. */
  get isOpen(): boolean {
    return this.#connection !== undefined;
  }

  /** Bytes of this connection, or of the last. */
  get traffic(): Traffic {
    return this.#traffic;
  }

  /** @throws ERR_CONNECT. */
  async connect(): Promise<void> {
    let connection: Connection;
    try {
      connection = await this.#kernel.connect(this.#address, { timeout: CONNECT_TIME });
    } catch (error) {
      throw harborError('ERR_CONNECT', `Can't connect to master ${this.#address}: ${printable(error)}`, {
        cause: error,
      });
    }
    this.#connection = connection;
    const traffic = { fd: this.#kernel.thread.nextId(), received: 0, sent: 0 };
    this.#traffic = traffic;
    connection.setNoDelay(true);
    connection.setKeepAlive(CONNECT_TIME);
    const read = createSlaveReader((message) =>
      this.#kernel.enqueue((told: ToSlave | Unknown) => this.#owner.told(told), message),
    );
    connection.start({
      data: (chunk) => {
        traffic.received += chunk.length;
        try {
          read(chunk);
        } catch (error) {
          this.#kernel.skynet.error(`master: ${printable(error)}`);
          connection.destroy();
        }
      },
      end: () => connection.close(),
      drained: () => {},
      error: () => {},
      closed: () => this.#kernel.enqueue(() => this.#closed(connection)),
    });
  }

  #closed(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#owner.closed();
  }

  /** Says something to the master, if it is there. */
  tell(message: ToMaster): void {
    const bytes = encodeControl(message);
    this.#traffic.sent += bytes.length;
    this.#connection?.write(bytes);
  }

  /** As `netstat` shows it, of this service; undefined without a connection. */
  stat(service: Handle): ConnectionStat | undefined {
    if (this.#connection === undefined) return undefined;
    return connectionStat(service, this.#traffic, this.#connection);
  }

  /** Sends what is pending and closes; at most so many milliseconds later. */
  close(timeout: number): void {
    this.#connection?.close(timeout);
  }

  /** Closes at once. */
  destroy(): void {
    this.#connection?.destroy();
  }
}
