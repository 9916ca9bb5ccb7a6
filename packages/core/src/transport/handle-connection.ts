import type { Receiver } from './contract.ts';
import type { Flusher } from './flusher.ts';
import { GatheredConnection } from './gathered-connection.ts';
import { type HandleEngine, keepAlive, LITTLE, nameOf, type OwnedHandle } from './handle-engine.ts';
import { END_OF_STREAM, type NativeHandle } from './native-stream.ts';
import type { OutBuffer } from './out-buffer.ts';
import { numberedError } from './system-error.ts';

/** A connection straight over Node's handle. */
export class HandleConnection extends GatheredConnection {
  remoteAddress: string;
  readonly #handle: OwnedHandle;
  readonly #engine: HandleEngine;
  #localAddress: string | undefined;
  /** Where the next bytes are read to, if that is not the engine's buffer. The handle does not keep it alive. */
  #into: Uint8Array | undefined = undefined;

  /** `path` names both ends of a unix socket, and is empty for others. */
  constructor(handle: NativeHandle, engine: HandleEngine, path: string) {
    super();
    this.#handle = handle;
    this.#engine = engine;
    this.remoteAddress = path === '' ? nameOf(handle, 'getpeername') : path;
    // Seldom asked for, so not looked up before.
    this.#localAddress = path === '' ? undefined : path;
    engine.own(handle, this);
  }

  protected override get flusher(): Flusher {
    return this.#engine.flusher;
  }

  get localAddress(): string {
    this.#localAddress ??= nameOf(this.#handle, 'getsockname');
    return this.#localAddress;
  }

  onread(size: number): Uint8Array | undefined {
    if (size > 0) return this.#came(size);
    if (size === END_OF_STREAM) {
      this.#handle.readStop();
      this.peerEnded();
    } else if (size < 0) this.#broken(size);
    return undefined;
  }

  /** Returns where to read to from now on, if that is another place. */
  #came(size: number): Uint8Array | undefined {
    const engine = this.#engine;
    const { buffer, little } = engine;
    const into = this.#into;
    if (into === undefined) {
      this.received(engine.bytes(size));
      if (size < LITTLE) return undefined;
    } else this.#cameInto(into, size);
    const room = this.room;
    // Behind what went into a room there may be more that wants one, as soon as it is known what it is.
    this.#into = room ?? (into === undefined || into === little ? undefined : little);
    return this.#into ?? (into === undefined ? undefined : buffer);
  }

  #cameInto(into: Uint8Array, size: number): void {
    this.#into = undefined;
    let isDone = false;
    try {
      this.received(size === into.length ? into : into.subarray(0, size));
      isDone = true;
    } finally {
      // Nobody is told where to read to when it throws.
      if (!isDone) this.#readIntoShared();
    }
  }

  /** The next bytes are for whoever starts it: they do not go where the last receiver wanted them. */
  override start(receiver: Receiver): void {
    if (receiver !== this.receiver && this.#into !== undefined) this.#readIntoShared();
    super.start(receiver);
  }

  #readIntoShared(): void {
    this.#into = undefined;
    if (!this.closed) this.#handle.useUserBuffer(this.#engine.buffer);
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
