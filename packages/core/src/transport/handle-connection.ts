import { markAsUntransferable } from 'node:worker_threads';
import { endpoint } from './endpoint.ts';
import type { Flusher } from './flusher.ts';
import { GatheredConnection } from './gathered-connection.ts';
import {
  END_OF_STREAM,
  type NativeHandle,
  type NativeName,
  type NativeRequest,
  type NativeStreams,
} from './native-stream.ts';
import type { OutBuffer } from './out-buffer.ts';
import { numberedError } from './system-error.ts';

const READ_SIZE = 1 << 16;

/** Who reads a handle. */
export interface HandleOwner {
  /** So many bytes are in the engine's buffer; or the number of an error. */
  onread(size: number): void;
}

/** A handle knows who reads it, and so keeps it and its engine alive while it is open. */
export interface OwnedHandle extends NativeHandle {
  owner?: HandleOwner;
}

/** What the connections of one transport share: the buffer they read into, and a request for writes that end at once. */
export class HandleEngine {
  readonly streams: NativeStreams;
  readonly flusher: Flusher;
  readonly buffer: Uint8Array = new Uint8Array(READ_SIZE);
  request: NativeRequest;
  readonly onread: (this: OwnedHandle) => void;

  constructor(streams: NativeStreams, flusher: Flusher) {
    const { streamBaseState, kReadBytesOrError } = streams;
    this.streams = streams;
    this.flusher = flusher;
    this.request = new streams.WriteWrap();
    // The system writes into it, whoever got hold of it meanwhile.
    markAsUntransferable(this.buffer.buffer);
    // It must return nothing: what it returned would become the next read buffer.
    this.onread = function onread(): void {
      this.owner?.onread(streamBaseState[kReadBytesOrError] as number);
    };
  }
}

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
    handle.onread = engine.onread;
    handle.useUserBuffer(engine.buffer);
    this.#handle.owner = this;
  }

  get localAddress(): string {
    this.#localAddress ??= nameOf(this.#handle, 'getsockname');
    return this.#localAddress;
  }

  onread(size: number): void {
    if (size > 0) this.received(new Uint8Array(this.#engine.buffer.buffer, 0, size));
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
    const engine = this.#engine;
    const { streams, request } = engine;
    const pieces = buffer.pieces();
    const result = Array.isArray(pieces)
      ? this.#handle.writev(request, pieces, true)
      : this.#handle.writeBuffer(request, pieces);
    if (result !== 0) {
      this.#broken(result);
      return false;
    }
    if (streams.streamBaseState[streams.kLastWriteWasAsync] === 0) return true;
    engine.request = new streams.WriteWrap();
    request.oncomplete = (status: number): void => {
      if (status < 0) this.#broken(status);
      else this.sent();
    };
    return false;
  }

  protected override shut(): void {
    const request = new this.#engine.streams.ShutdownWrap();
    request.oncomplete = (): void => this.shutDone();
    const result = this.#handle.shutdown(request);
    // Broken already: what is left to do is to close.
    if (result !== 0) setImmediate(() => this.shutDone());
  }

  protected override release(): void {
    this.#handle.close(() => this.over());
  }

  override setNoDelay(on: boolean): void {
    if (!this.closed) this.#handle.setNoDelay?.(on);
  }

  override setKeepAlive(milliseconds: number): void {
    if (!this.closed)
      this.#handle.setKeepAlive?.(milliseconds > 0, Math.max(1, Math.ceil(milliseconds / 1000)));
  }
}

/** `ip:port` of one end, '' when it is not connected any more. */
export function nameOf(handle: NativeHandle, which: 'getpeername' | 'getsockname'): string {
  const name: NativeName = {};
  handle[which]?.(name);
  return endpoint(name.address, name.port, '');
}
