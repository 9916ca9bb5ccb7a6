import type { Socket } from 'node:net';
import { endpoint } from './endpoint.ts';
import type { Wire, WireOwner } from './wire.ts';

/** A wire over a socket of node:tls, or of node:net where handles are out of reach. */
export class SocketWire implements Wire {
  readonly localAddress: string;
  readonly encrypted: boolean;
  readonly #socket: Socket;
  #owner!: WireOwner;
  #listening = false;

  /** `path` names both ends of a unix socket, and is empty for others. */
  constructor(socket: Socket, path = '') {
    this.#socket = socket;
    this.encrypted = 'encrypted' in socket;
    this.localAddress = endpoint(socket.localAddress, socket.localPort, path);
  }

  open(owner: WireOwner): void {
    const socket = this.#socket;
    this.#owner = owner;
    socket.allowHalfOpen = true;
    socket.pause();
    socket.on('error', (error: NodeJS.ErrnoException) => owner.wireBroke(error));
    socket.on('end', () => owner.wireEnded());
    socket.on('close', () => owner.wireClosed());
  }

  get unread(): boolean {
    return this.#socket.readableLength > 0;
  }

  read(on: boolean): void {
    const socket = this.#socket;
    if (!on) {
      socket.pause();
      return;
    }
    if (!this.#listening) {
      this.#listening = true;
      socket.on('data', (chunk: Uint8Array) => this.#owner.bytesCame(chunk));
    }
    socket.resume();
  }

  write(pieces: Uint8Array | Uint8Array[], done: () => void): boolean {
    const socket = this.#socket;
    // A failure comes as an event, too.
    const written = (error?: Error | null): void => {
      if (!error) done();
    };
    if (!Array.isArray(pieces)) {
      socket.write(pieces, written);
      return false;
    }
    const last = pieces.length - 1;
    socket.cork();
    for (let i = 0; i < last; i++) socket.write(pieces[i] as Uint8Array);
    socket.write(pieces[last] as Uint8Array, written);
    socket.uncork();
    return false;
  }

  shut(done: () => void): void {
    this.#socket.end(done);
  }

  close(): void {
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(milliseconds: number): void {
    this.#socket.setKeepAlive(milliseconds > 0, milliseconds);
  }
}
