import { markAsUntransferable } from 'node:worker_threads';
import { endpoint } from './endpoint.ts';
import type { Flusher } from './flusher.ts';
import type { NativeHandle, NativeName, NativeRequest, NativeStreams } from './native-stream.ts';

const READ_SIZE = 1 << 16;
/** Enough to know what comes. */
export const LITTLE: number = 4100;

/** Who reads a handle. */
export interface HandleOwner {
  /** So many bytes were read; or the number of an error. Returns where to read to from now on, if that changes. */
  onread(size: number): Uint8Array | undefined;
}

/** A handle knows who reads it, and so keeps it and its engine alive while it is open. */
export interface OwnedHandle extends NativeHandle {
  owner?: HandleOwner;
}

/** What the connections of one transport share: the buffer they read into, and a request for writes that end at once. */
export class HandleEngine {
  readonly flusher: Flusher;
  readonly #streams: NativeStreams;
  /** What is read goes there, unless its owner has said otherwise. */
  readonly buffer: Uint8Array = new Uint8Array(READ_SIZE);
  /** The front of it. */
  readonly little: Uint8Array = this.buffer.subarray(0, LITTLE);
  /** Its memory: to ask the buffer for that is a call of the host. */
  readonly #memory = this.buffer.buffer;
  #request: NativeRequest;
  readonly #onread: (this: OwnedHandle) => Uint8Array | undefined;

  constructor(streams: NativeStreams, flusher: Flusher) {
    const { streamBaseState, kReadBytesOrError } = streams;
    this.#streams = streams;
    this.flusher = flusher;
    this.#request = new streams.WriteWrap();
    // The system writes into it, whoever got hold of it meanwhile.
    markAsUntransferable(this.#memory);
    // What it returns becomes the next read buffer.
    this.#onread = function onread(): Uint8Array | undefined {
      return this.owner?.onread(streamBaseState[kReadBytesOrError] as number);
    };
  }

  /** From now on the owner hears of what comes, once the handle is read. */
  own(handle: OwnedHandle, owner: HandleOwner): void {
    // Not twice: a handle keeps each buffer that it is told of.
    if (handle.onread !== this.#onread) {
      handle.onread = this.#onread;
      handle.useUserBuffer(this.buffer);
    }
    handle.owner = owner;
  }

  /** So many bytes, which have just been read; valid during the call of `onread`. */
  bytes(size: number): Uint8Array {
    return new Uint8Array(this.#memory, 0, size);
  }

  /** 0 if all is written, the negative number of an error, or the request that is still to tell. */
  write(handle: OwnedHandle, pieces: Uint8Array | Uint8Array[]): number | NativeRequest {
    const streams = this.#streams;
    const request = this.#request;
    const result = Array.isArray(pieces)
      ? handle.writev(request, pieces, true)
      : handle.writeBuffer(request, pieces);
    if (result !== 0) return result;
    if (streams.streamBaseState[streams.kLastWriteWasAsync] === 0) return 0;
    this.#request = new streams.WriteWrap();
    request.bytes = pieces;
    return request;
  }

  /** Tells the peer that no more comes. */
  shut(handle: OwnedHandle, done: () => void): void {
    const request = new this.#streams.ShutdownWrap();
    request.oncomplete = done;
    // Broken already: what is left to do is to close.
    if (handle.shutdown(request) !== 0) setImmediate(done);
  }
}

/** Probes after so many milliseconds of silence, in whole seconds; 0 for never. */
export function keepAlive(handle: NativeHandle, milliseconds: number): void {
  handle.setKeepAlive?.(milliseconds > 0, Math.max(1, Math.ceil(milliseconds / 1000)));
}

/** `ip:port` of one end, '' when it is not connected any more. */
export function nameOf(handle: NativeHandle, which: 'getpeername' | 'getsockname'): string {
  const name: NativeName = {};
  handle[which]?.(name);
  return endpoint(name.address, name.port, '');
}
