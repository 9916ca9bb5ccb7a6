import type { SkynetError } from '@skynet/core';
import type { Owner } from './owner.ts';

/** One line of `socket.netstat()`. Times are hundredths of a second since the node started, as `skynet.now()`. */
export interface SocketStat {
  readonly id: number;
  /** `CLOSING` is a stream that is closed here and still sends what was written. */
  readonly type: 'TCP' | 'UDP' | 'LISTEN' | 'CLOSING';
  /** Handle of the service that started it, 0 if none has. */
  readonly address: number;
  /** Bytes received; of a listener, connections. */
  readonly read: number;
  /** Bytes written. */
  readonly write: number;
  /** Bytes received that wait to be read. */
  readonly rbuffer: number;
  /** Bytes written that wait to be sent. */
  readonly wbuffer: number;
  /** Own address. */
  readonly sock: string | undefined;
  /** The other side's address. */
  readonly peer: string | undefined;
}

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
