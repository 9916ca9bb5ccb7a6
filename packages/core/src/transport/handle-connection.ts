import { GatheredConnection } from './gathered-connection.ts';
import { type HandleEngine, keepAlive, nameOf, type OwnedHandle } from './handle-engine.ts';
import { END_OF_STREAM, type NativeHandle } from './native-stream.ts';
import type { OutBuffer } from './out-buffer.ts';
import { numberedError } from './system-error.ts';

/** A connection straight over Node's handle. */
export class HandleConnection extends GatheredConnection {
  remoteAddress: string;
  readonly #handle: OwnedHandle;
  readonly #engine: HandleEngine;
  #localAddress: string | undefined;

  /** `path` names both ends of a unix socket, and is empty for others. */
  constructor(handle: NativeHandle, engine: HandleEngine, path: string) {
    super(engine.flusher);
    this.#handle = handle;
    this.#engine = engine;
    this.remoteAddress = path === '' ? nameOf(handle, 'getpeername') : path;
    // Seldom asked for, so not looked up before.
    this.#localAddress = path === '' ? undefined : path;
    engine.own(handle, this);
  }

  get localAddress(): string {
    this.#localAddress ??= nameOf(this.#handle, 'getsockname');
    return this.#localAddress;
  }

  onread(size: number): void {
    if (size > 0) this.received(this.#engine.bytes(size));
    else if (size === END_OF_STREAM) {
      this.#handle.readStop();
      this.peerEnded();
    } else if (size < 0) this.#broken(size);
  }

  #broken(number: number): void {
    this.fail(numberedError('ERR_CONNECTION_RESET', number, this.remoteAddress));
  }

  protected override read(on: boolean): void {
    const result = on ? this.#handle.readStart() : this.#handle.readStop();
    if (result < 0 && on) setImmediate(() => this.#broken(result));
  }

  protected override send(buffer: OutBuffer): boolean {
    const result = this.#engine.write(this.#handle, buffer.pieces());
    if (result === 0) return true;
    if (typeof result === 'number') this.#broken(result);
    else
      result.oncomplete = (status: number): void => {
        if (status < 0) this.#broken(status);
        else this.sent();
      };
    return false;
  }

  protected override shut(): void {
    this.#engine.shut(this.#handle, () => this.shutDone());
  }

  protected override release(): void {
    this.#handle.close(() => this.over());
  }

  override setNoDelay(on: boolean): void {
    if (!this.closed) this.#handle.setNoDelay?.(on);
  }

  override setKeepAlive(milliseconds: number): void {
    if (!this.closed) keepAlive(this.#handle, milliseconds);
  }
}
