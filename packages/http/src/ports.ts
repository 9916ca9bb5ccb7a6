import type { Connection } from '@skynet/core/transport';
import type { MessageHead } from './parser/message-parser.ts';

/**
 * What the API of the book needs of sockets. `createSocket` of `@skynet/socket` gives such, with any encoding; with
 * `{ encoding: 'bytes' }` nothing is converted.
 */
export interface SocketPort {
  /** Connects. @returns the id, started. */
  open(address: string, port?: number | string): Promise<number>;
  /** From now on the data of the id comes to this service. */
  start(id: number): Promise<number>;
  /** What is there, waiting for a byte; at the end nothing and the rest. */
  read(
    id: number,
    size?: number,
  ): Promise<readonly [data: Data, rest: undefined] | readonly [data: undefined, rest: Data]>;
  /** Everything until the end; undefined if it has ended before. */
  readAll(id: number): Promise<Data | undefined>;
  /** Whether it was taken. */
  write(id: number, data: Uint8Array): boolean;
  /** Sends what was written, then closes. */
  close(id: number): Promise<void>;
  /** Cuts off at once. */
  shutdown(id: number): void;
  /** Calls back when much waits to be sent, and with 0 when all is sent. */
  warning(id: number, callback?: (id: number, kilobytes: number) => unknown): void;
  /** The peer's address. */
  remoteAddress(id: number): { readonly address: string; readonly port: number };
}

/** What a socket reads, by its encoding. */
export type Data = string | Uint8Array;

/** What HTTP and WebSocket need of a connection: those of the node's transports, and {@link SocketWire}. */
export type Wire = Pick<
  Connection,
  | 'remoteAddress'
  | 'pendingBytes'
  | 'closed'
  | 'start'
  | 'pause'
  | 'resume'
  | 'write'
  | 'end'
  | 'close'
  | 'destroy'
>;

/**
 * What takes connections over that ask for another protocol. `createWebSocket(skynet).endpoint` of `@skynet/http/websocket` makes one.
 */
export interface UpgradeEndpoint {
  /**
   * Takes a connection whose request has come, whatever it asks for, and answers it.
   * @param rest bytes that came behind the request.
   */
  takeOver(wire: Wire, head: MessageHead, rest: Buffer): void;
  /** Ends what is left of its connections, politely. */
  drain(): void;
  /** Connections that live. */
  readonly count: number;
}
