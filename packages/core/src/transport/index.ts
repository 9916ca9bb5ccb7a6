export { AcceptGate } from './accept-gate.ts';
export { AddressTable, networkOf } from './address-table.ts';
export type { ConnectionEntry } from './connection-table.ts';
export { ConnectionTable, connectionTable } from './connection-table.ts';
export type {
  Connection,
  ConnectionStat,
  ConnectOptions,
  Listener,
  ListenOptions,
  Receiver,
  Transport,
  TransportAddress,
  Transports,
} from './contract.ts';
export { BACKLOG_MARK } from './contract.ts';
export type { Visit } from './entrance.ts';
export { Entrance } from './entrance.ts';
export { memory } from './memory.ts';
export { checkBytes, checkFrame } from './payload.ts';
export type { Place, PlaceOptions } from './places.ts';
export { listenOnAll, readPlaces } from './places.ts';
export { reasonOf } from './system-error.ts';
export type { TcpOptions } from './tcp.ts';
export { tcp } from './tcp.ts';
export type { TlsTransportOptions } from './tls.ts';
export { tls } from './tls.ts';
export { createTransports, parseAddress } from './transports.ts';
