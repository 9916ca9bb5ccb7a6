import { ClientError } from './errors.ts';
import type { Dial, Stream, StreamReceiver } from './stream.ts';

/** A WebSocket: that of browsers, of Node 22, and of the library `ws` are such. */
export interface WebSocketLike {
  /** Set to `arraybuffer`. */
  binaryType: string;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/** Makes one. */
export type WebSocketClass = new (url: string) => WebSocketLike;

/** What else is used of it; hosts do not agree on the types of events. */
interface Listening extends WebSocketLike {
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

class WebSocketStream implements Stream {
  readonly #socket: WebSocketLike;
  #receiver: StreamReceiver | undefined;
  /** What came before somebody listened. */
  #early: Uint8Array[] = [];
  #gathered: Uint8Array[] = [];
  #over = false;

  constructor(socket: Listening) {
    this.#socket = socket;
    socket.addEventListener('message', (event) => this.#message(event.data));
    socket.addEventListener('close', () => this.#closed());
  }

  #message(data: unknown): void {
    if (this.#over) return;
    if (!(data instanceof ArrayBuffer)) {
      this.#receiver?.error(new ClientError('ERR_CLIENT_SERVER', 'the server sent a text message'));
      this.destroy();
      return;
    }
    const chunk = new Uint8Array(data);
    if (this.#receiver === undefined) this.#early.push(chunk);
    // An empty message is how a server without more to say puts it.
    else if (chunk.length === 0) this.#receiver.end();
    else this.#receiver.data(chunk);
  }

  #closed(): void {
    this.#over = true;
    this.#receiver?.closed();
  }

  start(receiver: StreamReceiver): void {
    this.#receiver = receiver;
    const early = this.#early;
    this.#early = [];
    if (early.length === 0 && !this.#over) return;
    queueMicrotask(() => {
      for (const chunk of early) receiver.data(chunk);
      if (this.#over) receiver.closed();
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#over || bytes.length === 0) return;
    this.#gathered.push(bytes);
    if (this.#gathered.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const pieces = this.#gathered;
    this.#gathered = [];
    if (this.#over || pieces.length === 0) return;
    const message = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      message.set(piece, at);
      at += piece.length;
    }
    this.#socket.send(message);
  }

  close(): void {
    this.#flush();
    this.#socket.close(1000);
  }

  destroy(): void {
    this.#over = true;
    this.#gathered = [];
    this.#socket.close();
    queueMicrotask(() => this.#receiver?.closed());
  }
}

/**
 * Dials a server by WebSocket (`ws://host:port/path`, `wss://…`). What is written in one turn is one binary message.
 * @throws ERR_CLIENT_ARGUMENT.
 * @param socketClass What to make it of, where the host has no WebSocket of its own (Node 20): that of the library `ws`.
 */
export function webSocketDialer(url: string, socketClass?: WebSocketClass): Dial {
  if (typeof url !== 'string' || (socketClass !== undefined && typeof socketClass !== 'function'))
    throw new ClientError(
      'ERR_CLIENT_ARGUMENT',
      'webSocketDialer needs the text of a URL, and a class if any',
    );
  return (signal) => {
    const Class = socketClass ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
    if (Class === undefined) {
      return Promise.reject(
        new ClientError('ERR_CLIENT_ARGUMENT', 'this host has no WebSocket: give webSocketDialer one'),
      );
    }
    return new Promise((resolve, reject) => {
      const fail = (message: string, cause?: unknown): void =>
        reject(new ClientError('ERR_CLIENT_CONNECT', message, { cause, details: { url } }));
      let socket: Listening;
      try {
        socket = new Class(url) as Listening;
      } catch (error) {
        fail(`no connection to ${url}: ${error instanceof Error ? error.message : typeof error}`, error);
        return;
      }
      socket.binaryType = 'arraybuffer';
      signal.addEventListener('abort', () => {
        fail(`connecting to ${url} was given up`, signal.reason);
        socket.close();
      });
      // Hosts tell no reason, lest a page learn what is in the network.
      socket.addEventListener('error', () => fail(`no connection to ${url}`));
      socket.addEventListener('close', () => fail(`no connection to ${url}`));
      socket.addEventListener('open', () => resolve(new WebSocketStream(socket)));
    });
  };
}
