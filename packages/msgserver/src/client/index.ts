// The client, for browsers and Node: reaches nothing that only Node has.
export { classicSuite } from './classic-suite.ts';
export { type ClientState, connect, MAX_REQUEST, type MsgClient } from './client.ts';
export { ClientError, type ClientErrorCode } from './errors.ts';
export type { ClientEvents } from './events.ts';
export { type LoginOptions, type LoginResult, login, tokenOf } from './login.ts';
export { modernSuite } from './modern-suite.ts';
export type { Backoff, ConnectOptions, RequestOptions } from './options.ts';
export type { Dial, Stream, StreamReceiver } from './stream.ts';
export type { LoginConversation, LoginSuite } from './suite.ts';
export { type WebSocketClass, type WebSocketLike, webSocketDialer } from './web-socket.ts';
