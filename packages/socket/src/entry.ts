import type { Handle, SkynetError } from '@skynet/core';
import type { ServiceKernel, ThreadKernel } from '@skynet/core/kernel';
import type { ConnectionStat } from '@skynet/core/transport';

/** One line of `socket.netstat()`. `CLOSING` is a stream that is closed here and still sends what was written. */
export type SocketStat = ConnectionStat;

/** The service that a socket belongs to. */
export interface EntryOwner {
  readonly kernel: ServiceKernel;
  readonly handle: Handle;
  /** Makes the socket this service's, whoever had it. */
  take(entry: Entry): void;
  /** Makes the socket nobody's. */
  drop(entry: Entry): void;
}

/** Where a socket stands under its id. */
export interface Register {
  readonly thread: ThreadKernel;
  add(entry: Entry): void;
  /** Takes the id out of use. A closing socket is kept until {@link gone}. */
  remove(entry: Entry, closing: boolean): void;
  /** A closing socket has sent everything, or was destroyed. */
  gone(entry: Entry): void;
  /** A log line in the name of the socket's service. */
  log(owner: EntryOwner | undefined, text: string): void;
}

/** What a socket id stands for. */
export interface Entry {
  readonly id: number;
  readonly kind: 'stream' | 'listener' | 'udp';
  /** The service that started it; events go there. */
  owner: EntryOwner | undefined;
  /** Why it ended, if not by being closed. */
  readonly failure: SkynetError | undefined;
  /** Whether it ended. */
  readonly ended: boolean;
  /** Closes it, sending first what was written. */
  close(): void;
  /** Closes it at once. */
  destroy(failure?: SkynetError): void;
  stat(): SocketStat;
}
