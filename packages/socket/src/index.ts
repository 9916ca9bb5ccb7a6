export { createChannel } from './channel.ts';
export type { AnswerValue, SessionAnswer } from './channel-answer.ts';
export type {
  ChannelControl,
  ChannelHost,
  ChannelLogin,
  ChannelRequest,
  OrderedChannel,
  OrderedRequests,
  SessionChannel,
  SessionRequests,
} from './channel-contract.ts';
export type { ChannelSource } from './channel-link.ts';
export type { ChannelOptions } from './channel-options.ts';
export type { Encoding, SocketData, WriteData, WritePiece } from './data.ts';
export { createDns, type Dns, type DnsOptions } from './dns.ts';
export { type DnsCommands, default as dnsService } from './dnsservice.ts';
export type { SocketStat } from './entry.ts';
export type { SocketErrorCode } from './errors.ts';
export type { AcceptCallback } from './listener.ts';
export type { SocketOptions } from './options.ts';
export type { ReadResult, SocketApi } from './socket.ts';
export { createSocket } from './socket.ts';
export type { CloseCallback, WarningCallback } from './stream.ts';
export { decodeText, encodeText } from './text.ts';
