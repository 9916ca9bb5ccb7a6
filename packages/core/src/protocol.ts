import type { Body } from './message.ts';

/** Message types of the original, by number (book §7.1). Numbers up to 255 that are not listed are free for users. */
export const PTYPE = {
  TEXT: 0,
  RESPONSE: 1,
  MULTICAST: 2,
  CLIENT: 3,
  SYSTEM: 4,
  HARBOR: 5,
  SOCKET: 6,
  ERROR: 7,
  QUEUE: 8,
  DEBUG: 9,
  LUA: 10,
  SNAX: 11,
  TRACE: 12,
} as const;

/**
 * Names of message types that the compiler lets pass in `send`, `call`, `dispatch` and the like. An application adds those
 * that it registers:
 *
 *     declare module '@skynet/core' {
 *       interface Protocols { chat: true }
 *     }
 */
export interface Protocols {
  text: true;
  response: true;
  multicast: true;
  client: true;
  system: true;
  error: true;
  debug: true;
  lua: true;
  snax: true;
}

/** Name of a message type. */
export type ProtocolName = keyof Protocols;

/**
 * Whether a message of this type with a session wants an answer. That of one between nodes for subscribers of a channel is
 * the channel.
 */
export function isRequestType(type: number): boolean {
  return type !== PTYPE.RESPONSE && type !== PTYPE.ERROR && type !== PTYPE.MULTICAST;
}

/** The largest message type. */
export const MAX_TYPE = 255;

/**
 * How messages of one type are made and read (`skynet.register_protocol`, book §7.12).
 * Without `pack` only the raw calls can send it, without `unpack` the handler gets the body as it came.
 */
export interface Protocol {
  /** The name used in `send`, `call` and `dispatch`. */
  readonly name: string;
  /** The message type, 0 to 255. */
  readonly id: number;
  /** Turns the values given to `send`, `call` or `ret` into a body. */
  readonly pack?: (...values: unknown[]) => Body;
  /** Turns a body into the values a handler or a caller gets. May return one value or an array of them. */
  readonly unpack?: (body: Body) => unknown;
}
