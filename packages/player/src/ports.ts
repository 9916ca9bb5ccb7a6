/** What a message server does for players. `startMsgServer` of `@skynet/msgserver` returns such. */
export interface MessageServer {
  /** The name `open` was given. */
  readonly servername: string;
  /** All places where it listens. */
  readonly addresses: readonly string[];
  /** Makes a login name. */
  username(uid: string, subid: string, servername: string): string;
  /** From now on a client that knows the secret may connect under the name. */
  login(username: string, secret: Uint8Array): void;
  /** Forgets a user and closes its connections, once what was written has gone. */
  logout(username: string): void;
  /** Requests of the user go to a service, as messages of the type `client`. */
  forward(username: string, agent: number): void;
  /** Sends something that is no answer. */
  push(username: string, content: Uint8Array): boolean;
  /** Address of the newest connection, undefined without one. */
  ip(username: string): string | undefined;
}

/** What a message server asks of whoever uses it. */
export interface MessageHandlers {
  /** A user may come; resolves to its subid. */
  loginHandler(uid: string, secret: Uint8Array): Promise<string>;
  /** A user goes. */
  logoutHandler(uid: string, subid: unknown): unknown;
  /** Somebody outside wants a user gone. */
  kickHandler(uid: string, subid: unknown): unknown;
  /** Never called: all requests go to players. */
  requestHandler(username: string, content: Uint8Array): never;
  /** The server is open under this name. */
  registerHandler(name: string): unknown;
  /** A client has connected. */
  connectHandler(username: string): unknown;
  /** A client's connection is over. */
  disconnectHandler(username: string): unknown;
  /** A `lua` message that is none of the message server's. */
  commandHandler(command: string, ...args: unknown[]): unknown;
}

/** Starts the message server: `(handlers) => startMsgServer(skynet, startGateserver, handlers)`. */
export type StartMessages = (handlers: MessageHandlers) => MessageServer;
