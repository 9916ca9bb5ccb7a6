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
  loginHandler(uid: string, secret: Uint8Array): Promise<string>;
  logoutHandler(uid: string, subid: unknown): unknown;
  kickHandler(uid: string, subid: unknown): unknown;
  requestHandler(username: string, content: Uint8Array): never;
  registerHandler(name: string): unknown;
  connectHandler(username: string): unknown;
  disconnectHandler(username: string): unknown;
  commandHandler(command: string, ...args: unknown[]): unknown;
}

/** Starts the message server: `(handlers) => startMsgServer(skynet, startGateserver, handlers)`. */
export type StartMessages = (handlers: MessageHandlers) => MessageServer;
