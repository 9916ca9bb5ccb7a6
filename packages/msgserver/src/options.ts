import type { Duration } from '@skynet/core';
import { readOptions } from '@skynet/core/options';
import { msgError } from './errors.ts';
import type { NamePart } from './username.ts';

/** What a request handler may return: text goes as UTF-8, a number as decimal text, nothing as empty content. */
export type Content = string | number | bigint | Uint8Array | null | undefined;

/** What an application does with its users (book §15.1.2). All may be asynchronous, and may throw. */
export interface MsgHandlers {
  /**
   * The `lua` message `login uid secret`, mostly from the login server. Has to make a subid, call
   * `msgserver.login(msgserver.username(uid, subid, servername), secret)`, and return the subid. Throw to refuse.
   */
  loginHandler(uid: string, secret: Uint8Array): NamePart | Promise<NamePart>;
  /** The `lua` message `logout uid subid`: clean up, and call `msgserver.logout(username)`. */
  logoutHandler(uid: string, subid: NamePart): unknown;
  /** The `lua` message `kick uid subid`: somebody outside wants the user gone. */
  kickHandler(uid: string, subid: NamePart): unknown;
  /**
   * A request; what this returns is the answer, and an error it throws becomes a failed one, without content. The bytes
   * may be kept; they share memory with other packets of the connection.
   */
  requestHandler(username: string, content: Uint8Array): Content | Promise<Content>;
  /** The gate listens; `name` is what `open` got as `servername`. What this returns is the answer to `open`. */
  registerHandler(name: string): unknown;
  /** A connection has passed the handshake; the status, and pushes that waited, have been written. */
  connectHandler?(username: string): unknown;
  /** A connection that had passed the handshake is over. The user stays. */
  disconnectHandler?(username: string): unknown;
  /** Other `lua` messages. What this returns is the answer. */
  commandHandler?(command: string, ...args: unknown[]): unknown;
}

/** Bounds of a message server. */
export interface MsgOptions {
  /** Answers kept of each user, at least; twice as many at most. Default 128 (`expired_number` of the original). */
  expiredNumber?: number;
  /** How long a connection may take for its handshake, in real time. Default `"10s"`; 0: for ever, as in the original. */
  handshakeTimeout?: Duration;
  /** Requests of one user that may be worked on, over all connections. A further one closes its connection. Default 2048. */
  pendingRequests?: number;
  /** Connections one user may have; a further one closes the oldest. Default 8. */
  connectionsPerUser?: number;
  /** Pushes of one user that are kept until the client acknowledges them. Default 1024. */
  pushNumber?: number;
  /** Bytes of these. Default 256 KiB. */
  pushBytes?: number;
}

/** Options with every default filled in, times in milliseconds. */
export type ResolvedOptions = Readonly<Required<Omit<MsgOptions, 'handshakeTimeout'>>> & {
  readonly handshakeTimeout: number;
};

/** Checks options and fills in the defaults. @throws ERR_ARGUMENT, naming the option. */
export function resolveOptions(given: MsgOptions): ResolvedOptions {
  return readOptions('msgserver option', given, (options) => {
    const whole = (key: keyof MsgOptions, fallback: number): number =>
      options.whole(key, 1, 0x7fff_ffff, fallback);
    return {
      expiredNumber: whole('expiredNumber', 128),
      handshakeTimeout: options.duration('handshakeTimeout', 10_000),
      pendingRequests: whole('pendingRequests', 2048),
      connectionsPerUser: whole('connectionsPerUser', 8),
      pushNumber: whole('pushNumber', 1024),
      pushBytes: whole('pushBytes', 256 << 10),
    };
  });
}

const REQUIRED = [
  'loginHandler',
  'logoutHandler',
  'kickHandler',
  'requestHandler',
  'registerHandler',
] as const;
const OPTIONAL = ['connectHandler', 'disconnectHandler', 'commandHandler'] as const;

/** @throws ERR_ARGUMENT for a table that lacks a handler, or has one whose name is misspelt. */
export function checkHandlers(given: MsgHandlers): void {
  readOptions('msgserver handler', given ?? {}, (handlers) => {
    handlers.allow([...REQUIRED, ...OPTIONAL]);
    handlers.allowOthers();
    handlers.refuseUnknown();
    for (const name of REQUIRED) {
      if (typeof given?.[name] !== 'function')
        throw msgError('ERR_ARGUMENT', `a message server needs the function ${name}`, {
          details: { key: name },
        });
    }
    for (const name of OPTIONAL) handlers.callable(name, false);
  });
}
