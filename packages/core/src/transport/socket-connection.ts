import type { Socket } from 'node:net';
import { SkynetError } from '../errors.ts';
import { BACKLOG_MARK, type Connection, type Receiver } from './contract.ts';
import { OutBuffer } from './out-buffer.ts';

/** Connections with something to send, flushed together once in a turn of the event loop. */
const dirty: SocketConnection[] = [];
let flushing = false;

function flushAll(): void {
  flushing = false;
  for (const connection of dirty.splice(0)) connection.flush();
}

/** A connection over a stream of node:net or node:tls. */
export class SocketConnection implements Connection {
  readonly remoteAddress: string;
  readonly localAddress: string;
  closed = false;
  readonly #socket: Socket;
  readonly #out = new OutBuffer();
  #receiver: Receiver | undefined;
  #dirty = false;
  #inFlight = 0;
  #backedUp = false;
  #ending = false;
  #endTold = false;
  #peerEnded = false;

  constructor(socket: Socket, remoteAddress: string, localAddress: string) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#receiver?.error(new SkynetError('ERR_CONNECTION_RESET', reasonOf(error), { cause: error }));
    });
    socket.on('close', () => {
      if (this.closed) return;
      this.closed = true;
      this.#receiver?.closed();
    });
    socket.on('end', () => {
      this.#peerEnded = true;
      this.#tellEnd();
    });
  }

  get pendingBytes(): number {
    return this.#out.length + this.#inFlight;
  }

  start(receiver: Receiver): void {
    const first = this.#receiver === undefined;
    this.#receiver = receiver;
    if (first) this.#socket.on('data', (chunk: Uint8Array) => this.#receiver?.data(chunk));
    else this.#socket.resume();
    if (this.closed) queueMicrotask(() => receiver.closed());
    else if (this.#peerEnded) queueMicrotask(() => this.#tellEnd());
  }

  /** Data that `onread` put in the shared buffer. */
  deliver(chunk: Uint8Array): void {
    this.#receiver?.data(chunk);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  write(bytes: Uint8Array): void {
    if (this.closed || this.#ending || bytes.length === 0) return;
    this.#out.add(bytes);
    this.#written();
  }

  writeFrame(payload: Uint8Array, header: 2 | 4): void {
    if (this.closed || this.#ending) return;
    this.#out.addFrame(payload, header);
    this.#written();
  }

  #written(): void {
    if (this.#dirty) return;
    this.#dirty = true;
    dirty.push(this);
    if (!flushing) {
      flushing = true;
      setImmediate(flushAll);
    }
  }

  /** Hands everything gathered to the system. */
  flush(): void {
    this.#dirty = false;
    if (this.closed || this.#out.length === 0) return;
    const size = this.#out.length;
    this.#inFlight += size;
    if (this.#inFlight > BACKLOG_MARK) this.#backedUp = true;
    const pieces = this.#out.take();
    const sent = (): void => this.#sent(size);
    if (pieces.length === 1) {
      this.#socket.write(pieces[0] as Uint8Array, sent);
      return;
    }
    this.#socket.cork();
    pieces.forEach((piece, i) => this.#socket.write(piece, i === pieces.length - 1 ? sent : undefined));
    this.#socket.uncork();
  }

  #sent(size: number): void {
    this.#inFlight -= size;
    if (this.#backedUp && this.pendingBytes === 0 && !this.closed) {
      this.#backedUp = false;
      this.#receiver?.drained();
    }
  }

  end(): void {
    if (this.closed || this.#ending) return;
    this.flush();
    this.#ending = true;
    this.#socket.end();
  }

  close(timeout = 10_000): void {
    if (this.closed) return;
    const socket = this.#socket;
    // Unread bytes would keep the stream from ending.
    this.#receiver = quietAfter(this.#receiver);
    socket.resume();
    this.end();
    if (socket.writableFinished) socket.destroy();
    else {
      socket.once('finish', () => socket.destroy());
      setTimeout(() => socket.destroy(), timeout).unref();
    }
  }

  destroy(): void {
    if (!this.closed) this.#socket.destroy();
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(milliseconds: number): void {
    this.#socket.setKeepAlive(milliseconds > 0, milliseconds);
  }

  #tellEnd(): void {
    if (this.#endTold || this.#receiver === undefined) return;
    this.#endTold = true;
    this.#receiver.end();
  }
}

/** Hears only of the end. */
function quietAfter(receiver: Receiver | undefined): Receiver {
  const nothing = (): void => {};
  return { data: nothing, end: nothing, drained: nothing, error: nothing, closed: () => receiver?.closed() };
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EMFILE: 'Too many open files',
  ENFILE: 'Too many open files in system',
};

/** The system's words for an error, as the original shows them. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error;
  return REASONS[first.code ?? ''] ?? first.message;
}
