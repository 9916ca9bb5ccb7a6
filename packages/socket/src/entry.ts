import type { SkynetError } from '@skynet/core';
import type { ConnectionStat } from '@skynet/core/transport';
import type { Owner } from './owner.ts';

/** One line of `socket.netstat()`. `CLOSING` is a stream that is closed here and still sends what was written. */
export type SocketStat = ConnectionStat;

/** What a socket id stands for. */
export interface Entry {
  readonly id: number;
  readonly kind: 'stream' | 'listener' | 'udp';
  /** The service that started it; events go there. */
  owner: Owner | undefined;
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
