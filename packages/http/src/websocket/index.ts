export type { WebSocketHandler } from './handler.ts';
export type { AcceptOptions, ConnectOptions, WebSocketOptions } from './options.ts';
export { type AcceptResult, createWebSocket, type ReadUpgrade, type WebSocketApi } from './websocket.ts';
