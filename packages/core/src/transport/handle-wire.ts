import type { Socket } from 'node:net';
import { type HandleEngine, keepAlive, nameOf, type OwnedHandle } from './handle-engine.ts';
import { END_OF_STREAM, handleOf, isNativeHandle, takeHandle } from './native-stream.ts';
import type { Wire, WireOwner } from './wire.ts';

/** A wire straight over Node's handle. */
export class HandleWire implements Wire {
  readonly #handle: OwnedHandle;
  readonly #engine: HandleEngine;
  #owner!: WireOwner;

  /** Takes the handle away from a socket that nobody reads; undefined if it has none that we know. */
  static over(socket: Socket, engine: HandleEngine): HandleWire | undefined {
    const handle = handleOf(socket);
    if (!isNativeHandle(handle)) return undefined;
    // What is left of it hears of nothing, and counts as closed with its server.
    takeHandle(socket, handle);
    socket.removeAllListeners();
    socket.destroy();
    return new HandleWire(handle, engine);
  }

  /** @param handle One that nobody else reads. */
  constructor(handle: OwnedHandle, engine: HandleEngine) {
    this.#handle = handle;
    this.#engine = engine;
  }

  open(owner: WireOwner): void {
    this.#owner = owner;
    this.#handle.readStop();
    this.#engine.own(this.#handle, this);
  }

  get encrypted(): boolean {
    return false;
  }

  /** They stay in the system, which tells the peer by itself. */
  get unread(): boolean {
    return false;
  }

  get localAddress(): string {
    return nameOf(this.#handle, 'getsockname');
  }

  onread(size: number): undefined {
    if (size > 0) this.#owner.bytesCame(this.#engine.bytes(size));
    else if (size === END_OF_STREAM) {
      this.#handle.readStop();
      this.#owner.wireEnded();
    } else if (size < 0) this.#owner.wireBroke(size);
  }

  read(on: boolean): void {
    const result = on ? this.#handle.readStart() : this.#handle.readStop();
    if (result < 0 && on) setImmediate(() => this.#owner.wireBroke(result));
  }

  write(pieces: Uint8Array | Uint8Array[], done: () => void): boolean {
    const result = this.#engine.write(this.#handle, pieces);
    if (result === 0) return true;
    if (typeof result === 'number') this.#owner.wireBroke(result);
    else
      result.oncomplete = (status: number): void => {
        if (status < 0) this.#owner.wireBroke(status);
        else done();
      };
    return false;
  }

  shut(done: () => void): void {
    this.#engine.shut(this.#handle, done);
  }

  close(): void {
    this.#handle.close(() => this.#owner.wireClosed());
  }

  reset(): void {
    const closed = (): void => this.#owner.wireClosed();
    if (this.#handle.reset === undefined || this.#handle.reset(closed) !== 0) this.#handle.close(closed);
  }

  setNoDelay(on: boolean): void {
    this.#handle.setNoDelay?.(on);
  }

  setKeepAlive(milliseconds: number): void {
    keepAlive(this.#handle, milliseconds);
  }
}
