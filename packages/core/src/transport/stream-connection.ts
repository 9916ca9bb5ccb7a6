import type { Socket } from 'node:net';
import type { Flusher } from './flusher.ts';
import { GatheredConnection } from './gathered-connection.ts';
import type { OutBuffer } from './out-buffer.ts';
import { systemError } from './system-error.ts';

/** A connection over a socket of node:tls, or of node:net where handles are out of reach. It must allow half-open. */
export class StreamConnection extends GatheredConnection {
  remoteAddress: string;
  readonly localAddress: string;
  readonly #socket: Socket;
  #listening = false;

  constructor(socket: Socket, flusher: Flusher, remoteAddress: string, localAddress: string) {
    super(flusher);
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.fail(systemError('ERR_CONNECTION_RESET', error, this.remoteAddress));
    });
    socket.on('end', () => this.peerEnded());
    socket.on('close', () => this.over());
  }

  protected override read(on: boolean): void {
    if (!on) {
      this.#socket.pause();
      return;
    }
    if (!this.#listening) {
      this.#listening = true;
      this.#socket.on('data', (chunk: Uint8Array) => this.received(chunk));
    }
    this.#socket.resume();
  }

  protected override send(buffer: OutBuffer): boolean {
    const socket = this.#socket;
    const pieces = buffer.pieces();
    // A failure comes as an event, too.
    const done = (error?: Error | null): void => {
      if (!error) this.sent();
    };
    if (!Array.isArray(pieces)) {
      socket.write(pieces, done);
      return false;
    }
    const last = pieces.length - 1;
    socket.cork();
    for (let i = 0; i < last; i++) socket.write(pieces[i] as Uint8Array);
    socket.write(pieces[last] as Uint8Array, done);
    socket.uncork();
    return false;
  }

  protected override shut(): void {
    this.#socket.end(() => this.shutDone());
  }

  protected override release(): void {
    this.#socket.destroy();
  }

  override setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  override setKeepAlive(milliseconds: number): void {
    this.#socket.setKeepAlive(milliseconds > 0, milliseconds);
  }
}
