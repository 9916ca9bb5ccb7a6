import type { SkynetError } from '@skynet/core';
import { httpError } from '../errors.ts';
import type { Data, SocketPort } from '../ports.ts';

/** Gives what has come, waiting for a byte. @throws ERR_HTTP_SOCKET at the end of the stream. */
export type ReadFunction = () => Promise<Data>;

/** Takes what is to be sent. @throws ERR_HTTP_SOCKET when the socket is closed. */
export type WriteFunction = (data: Uint8Array) => void;

/** Sockets in the shape that {@link httpd} takes (`http.sockethelper`, book §18.1). Made by {@link createSocketHelper}. */
export class SocketHelper {
  /** Code of the errors that mean: the socket is closed, or broke. */
  readonly socketError = 'ERR_HTTP_SOCKET';
  readonly #socket: SocketPort;

  /** Use {@link createSocketHelper}. */
  constructor(socket: SocketPort) {
    this.#socket = socket;
  }

  /** Whether that is an error of the socket, not of what came. */
  isSocketError(error: unknown): error is SkynetError {
    return (error as { code?: unknown } | null | undefined)?.code === this.socketError;
  }

  /** Reads from a started socket. @param before what was read from it already. */
  readFunc(id: number, before?: Data): ReadFunction {
    let first = before !== undefined && before.length > 0 ? before : undefined;
    return async () => {
      if (first !== undefined) {
        const data = first;
        first = undefined;
        return data;
      }
      const [data] = await this.#socket.read(id);
      if (data === undefined) throw socketError('read', id);
      return data;
    };
  }

  /** Writes to a socket. */
  writeFunc(id: number): WriteFunction {
    return (data) => {
      if (!this.#socket.write(id, data)) throw socketError('write', id);
    };
  }

  /** Everything until the end of the stream. @throws ERR_HTTP_SOCKET if it had ended. */
  async readAll(id: number): Promise<Data> {
    const data = await this.#socket.readAll(id);
    if (data === undefined) throw socketError('read', id);
    return data;
  }

  /** Connects; the id is started. @throws ERR_CONNECT, ERR_ADDRESS_INVALID, ERR_TIMEOUT. */
  connect(host: string, port: number): Promise<number> {
    return this.#socket.open(host, port);
  }

  /** Closes a socket once what was written has gone, and waits for that. */
  close(id: number): Promise<void> {
    return this.#socket.close(id);
  }

  /** Cuts a socket off at once; the id still has to be closed. */
  shutdown(id: number): void {
    this.#socket.shutdown(id);
  }
}

/** `const sockethelper = createSocketHelper(createSocket(skynet));` */
export function createSocketHelper(socket: SocketPort): SocketHelper {
  if (typeof socket?.read !== 'function')
    throw httpError('ERR_ARGUMENT', 'createSocketHelper takes what createSocket of @skynet/socket gives');
  return new SocketHelper(socket);
}

function socketError(what: string, id: number): SkynetError {
  return httpError('ERR_HTTP_SOCKET', `[Socket Error] : ${what} failed fd = ${id}`, { details: { id } });
}
