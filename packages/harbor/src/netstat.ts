import type { Handle } from '@skynet/core';
import type { ConnectionStat } from '@skynet/core/transport';

/** What is counted of a connection to another node. */
export interface Traffic {
  /** Its number. */
  readonly fd: number;
  /** Bytes that have come, and that have been sent. */
  readonly received: number;
  readonly sent: number;
}

/** Where a connection goes, and what waits there. */
interface Ends {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly pendingBytes: number;
}

/** A connection of a service to another node, as `netstat` shows it: what comes is read at once. */
export function connectionStat(
  service: Handle,
  { fd, received, sent }: Traffic,
  { localAddress, remoteAddress, pendingBytes }: Ends,
): ConnectionStat {
  return {
    id: fd,
    type: 'TCP',
    address: service,
    read: received,
    write: sent,
    rbuffer: 0,
    wbuffer: pendingBytes,
    sock: localAddress,
    peer: remoteAddress,
  };
}
