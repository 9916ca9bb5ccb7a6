import type { Socket } from 'node:net';
import type { ServiceKernel } from '@skynet/core/kernel';
import type { Connection, ConnectionStat, Listener } from '@skynet/core/transport';
import type { Wire } from './ports.ts';
import { SocketWire } from './socket-wire.ts';

/** A connection whose bytes are counted, for the `netstat` of the consoles. */
export interface Counted {
  readonly wire: Wire;
  readonly received: number;
  readonly sent: number;
}

const ids = new WeakMap<object, number>();

/** Given when somebody asks first. */
function idOf(kernel: ServiceKernel, socket: object): number {
  let id = ids.get(socket);
  if (id === undefined) {
    id = kernel.thread.nextId();
    ids.set(socket, id);
  }
  return id;
}

/** Connections as `netstat` tells of them. Those of sockets are left out: their own table has them. */
export function connectionStats(kernel: ServiceKernel, connections: Iterable<Counted>): ConnectionStat[] {
  const stats: ConnectionStat[] = [];
  for (const { wire, received, sent } of connections) {
    if (wire instanceof SocketWire || wire.closed) continue;
    stats.push({
      id: idOf(kernel, wire),
      type: 'TCP',
      address: kernel.skynet.self(),
      read: received,
      write: sent,
      rbuffer: 0,
      wbuffer: wire.pendingBytes,
      sock: (wire as Connection).localAddress,
      peer: wire.remoteAddress,
    });
  }
  return stats;
}

/** A listener as `netstat` tells of it. @param accepted connections that it has given. */
export function listenerStat(kernel: ServiceKernel, listener: Listener, accepted: number): ConnectionStat {
  return {
    id: idOf(kernel, listener),
    type: 'LISTEN',
    address: kernel.skynet.self(),
    read: accepted,
    write: 0,
    rbuffer: 0,
    wbuffer: 0,
    sock: listener.address,
    peer: undefined,
  };
}

/** Sockets of the client's library as `netstat` tells of them. */
export function clientStats(kernel: ServiceKernel, sockets: Iterable<Socket>): ConnectionStat[] {
  return Array.from(sockets, (socket) => ({
    id: idOf(kernel, socket),
    type: 'TCP' as const,
    address: kernel.skynet.self(),
    read: socket.bytesRead,
    write: socket.bytesWritten,
    rbuffer: 0,
    wbuffer: socket.writableLength,
    sock: placeOf(socket.localAddress, socket.localPort),
    peer: placeOf(socket.remoteAddress, socket.remotePort),
  }));
}

function placeOf(address: string | undefined, port: number | undefined): string | undefined {
  if (address === undefined) return undefined;
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
