export type { Encoding, SocketData, WriteData, WritePiece } from './data.ts';
export type { SocketStat } from './entry.ts';
export type { SocketErrorCode } from './errors.ts';
export type { AcceptCallback } from './listener.ts';
export type { SocketOptions } from './options.ts';
export type { ReadResult, SocketApi } from './socket.ts';
export { createSocket } from './socket.ts';
export type { CloseCallback, WarningCallback } from './stream.ts';
export { decodeText, encodeText } from './text.ts';
