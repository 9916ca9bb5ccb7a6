import { SkynetError } from '../errors.ts';
import { type FrameOptions, type HeaderSize, headerOf, limitOf } from './frame.ts';

/** Codes that netpack adds to the kernel's. */
export type NetpackErrorCode =
  /** `push` was called from its own callback. */
  'ERR_FRAME_READER_BUSY';

/**
 * Gets a frame as `buffer[start … end - 1]`, without a copy. The memory is only valid during the call: it belongs to
 * whoever gave the chunk.
 */
export type FrameView = (buffer: Uint8Array, start: number, end: number) => void;

/** Gets a frame that it may keep. */
export type OwnedFrame = (frame: Uint8Array) => void;

/** A frame of up to this size gets its memory at once; a larger one gets it as its bytes arrive. */
const AT_ONCE = 4096;
/** As soon as that much has arrived of a frame: each growth copies what is there. */
const THEN = 0x1_0000;
/** Frames below that are not read on their own: a system call costs more than copying them. */
const LEAST_ROOM = 0x8000;
/** Read on behind a frame: the header of the next, and so much of it that it gets its memory at once. */
const AHEAD = 4096 + 4;
const NOTHING = new Uint8Array(0);
/** Frames of up to this size get memory of their own, which costs less than a view into a shared copy. */
const SMALL = 32;

/**
 * Cuts a stream of bytes into frames. No socket in sight: chunks in, frames out, a partial frame is kept.
 *
 * ```
 *              2 or 4 bytes       size bytes
 *   between ──► in the header ──► in the body ──► frame, between again
 *                     │
 *                     └─ size above the limit: ERR_FRAME_TOO_LARGE, and again at every push until reset()
 * ```
 *
 * Memory: a partial frame holds 4 KiB until those have arrived, then 64 KiB, then at most twice the bytes that have arrived
 * of it (4 KiB more where {@link FrameReader.room} is used), so that a peer which announces much and sends nothing costs
 * nothing. A frame of size 0 is legal. The original's `netpack.filter`.
 */
export class FrameReader {
  readonly #header: HeaderSize;
  readonly #limit: number;
  /** Bytes of the partial frame's header that have arrived, and what they say so far. */
  #seen = 0;
  #size = 0;
  /** The partial frame's body: a buffer that grows to its size, and how much of it has arrived. */
  #body: Uint8Array = NOTHING;
  #filled = 0;
  /** Bytes of memory behind a frame's for what is read on: none unless {@link room} is asked. */
  #ahead = 0;
  /** The size that was above the limit. */
  #refused: number | undefined;
  #busy = false;
  #resets = 0;

  /** @throws `ERR_ARGUMENT` for a header or limit that cannot be. */
  constructor(options?: FrameOptions) {
    this.#header = headerOf(options);
    this.#limit = limitOf(options, this.#header);
  }

  /** Bytes of a frame that has begun and is not complete, header included. */
  get pendingBytes(): number {
    return this.#seen + this.#filled;
  }

  /** Bytes that are still to come of a frame whose header is complete; 0 between frames and within a header. */
  get missingBytes(): number {
    return this.#seen === this.#header ? this.#size - this.#filled : 0;
  }

  /**
   * Where the next bytes may be read to, so that those of the partial frame need not be copied: its memory behind what has
   * arrived, and 4 KiB more for what follows. What was read there is to be pushed, as one chunk of this memory or several,
   * before anything else is. Undefined between frames, in a header, and within a frame below 32 KiB.
   */
  room(): Uint8Array | undefined {
    this.#ahead = AHEAD;
    if (this.#size < LEAST_ROOM || this.missingBytes === 0) return undefined;
    if (this.#filled === this.#body.length) this.#grow(this.#filled + 1);
    return this.#body.subarray(this.#filled);
  }

  /**
   * Takes a chunk and calls `onFrame` for each frame that it completes, in order. `onFrame` may call `reset()`, which
   * drops the rest of the chunk. If it throws, the frames behind are still delivered, and then `push` throws what it
   * threw (an `AggregateError` if that happened more than once).
   *
   * @throws `ERR_FRAME_TOO_LARGE` as soon as a header announces more than the limit (`details.size`,
   * `details.limit`); the frames before it have been delivered. `ERR_FRAME_READER_BUSY` if called from `onFrame`.
   * `ERR_ARGUMENT` if the chunk is no Uint8Array.
   */
  push(chunk: Uint8Array, onFrame: FrameView): void {
    if (!(chunk instanceof Uint8Array)) {
      throw new SkynetError(
        'ERR_ARGUMENT',
        `chunk: expected a Uint8Array, got ${chunk === null ? 'null' : typeof chunk}`,
      );
    }
    if (this.#busy)
      throw new SkynetError<NetpackErrorCode>(
        'ERR_FRAME_READER_BUSY',
        'push was called from the callback of push',
      );
    if (this.#refused !== undefined) throw this.#tooLarge(undefined);
    this.#busy = true;
    let thrown: unknown[] | undefined;
    try {
      thrown = this.#scan(chunk, onFrame);
    } finally {
      this.#busy = false;
    }
    const cause =
      thrown === undefined || thrown.length === 1
        ? thrown?.[0]
        : new AggregateError(thrown, `${thrown.length} frames failed`);
    if (this.#refused !== undefined) throw this.#tooLarge(cause);
    if (thrown !== undefined) throw cause;
  }

  /**
   * As `push`, with frames that may be kept. Those above 32 bytes that lie in one chunk share one copy of it, so
   * `slice()` what is to be kept for long.
   */
  pushOwned(chunk: Uint8Array, onFrame: OwnedFrame): void {
    let copy: Uint8Array | undefined;
    let base = 0;
    this.push(chunk, (buffer, start, end) => {
      // Collected over several chunks: memory of its own and of its own size.
      if (buffer !== chunk) return onFrame(buffer);
      const size = end - start;
      if (size <= SMALL) {
        const frame = new Uint8Array(size);
        for (let i = 0; i < size; i++) frame[i] = chunk[start + i] as number;
        return onFrame(frame);
      }
      if (copy === undefined) {
        base = start;
        copy = new Uint8Array(chunk.length - start);
        copy.set(chunk.subarray(start));
      }
      onFrame(size === copy.length ? copy : copy.subarray(start - base, end - base));
    });
  }

  /** Forgets a partial frame and a refused one; the next byte begins a header. */
  reset(): void {
    this.#resets++;
    this.#refused = undefined;
    this.#between();
  }

  /** Cuts up one chunk; what the callbacks threw comes back. */
  #scan(chunk: Uint8Array, onFrame: FrameView): unknown[] | undefined {
    const header = this.#header;
    const limit = this.#limit;
    const length = chunk.length;
    const resets = this.#resets;
    let thrown: unknown[] | undefined;
    let at = 0;
    if (this.#seen > 0) {
      at = this.#collect(chunk, 0);
      if (this.#refused !== undefined || this.#seen < header || this.#filled < this.#size) return undefined;
      const body = this.#body;
      const size = this.#size;
      this.#between();
      try {
        onFrame(body.length === size ? body : body.subarray(0, size), 0, size);
      } catch (error) {
        thrown = [error];
      }
      if (this.#resets !== resets) return thrown;
    }
    while (length - at >= header) {
      let size = ((chunk[at] as number) << 8) | (chunk[at + 1] as number);
      if (header === 4)
        size = size * 0x1_0000 + (((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number));
      if (size > limit) {
        this.#refused = size;
        return thrown;
      }
      const start = at + header;
      if (length - start < size) break;
      at = start + size;
      try {
        onFrame(chunk, start, at);
      } catch (error) {
        thrown ??= [];
        thrown.push(error);
      }
      if (this.#resets !== resets) return thrown;
    }
    if (at < length) this.#collect(chunk, at);
    return thrown;
  }

  /** Adds to the partial frame what the chunk has of it from `from` on; returns where the chunk goes on. */
  #collect(chunk: Uint8Array, from: number): number {
    let at = from;
    while (this.#seen < this.#header) {
      if (at === chunk.length) return at;
      this.#size = this.#size * 0x100 + (chunk[at++] as number);
      this.#seen++;
    }
    if (this.#size > this.#limit) {
      this.#refused = this.#size;
      this.#between();
      return at;
    }
    const take = Math.min(this.#size - this.#filled, chunk.length - at);
    if (take === 0) return at;
    const needed = this.#filled + take;
    // What was read into the room lies there already.
    if (chunk.buffer !== this.#body.buffer || chunk.byteOffset + at !== this.#filled) {
      if (needed > this.#body.length) this.#grow(needed);
      this.#body.set(
        from === 0 && take === chunk.length ? chunk : chunk.subarray(at, at + take),
        this.#filled,
      );
    }
    this.#filled = needed;
    return at + take;
  }

  /** Room for `needed` bytes of the body, never more than the frame's size and what may be read on behind it. */
  #grow(needed: number): void {
    const step = needed <= AT_ONCE ? AT_ONCE : THEN + this.#ahead;
    const whole = this.#size + this.#ahead;
    const bigger = memoryOf(Math.min(whole, Math.max(step, needed, this.#body.length * 2)));
    bigger.set(this.#filled === this.#body.length ? this.#body : this.#body.subarray(0, this.#filled));
    this.#body = bigger;
  }

  #between(): void {
    this.#seen = 0;
    this.#size = 0;
    this.#body = NOTHING;
    this.#filled = 0;
  }

  #tooLarge(cause: unknown): SkynetError {
    const size = this.#refused;
    const limit = this.#limit;
    return new SkynetError(
      'ERR_FRAME_TOO_LARGE',
      `A frame of ${size} bytes is above the limit of ${limit} bytes`,
      {
        ...(cause === undefined ? {} : { cause }),
        details: { size, limit },
      },
    );
  }
}

/** Node's buffers, where there are such. */
const { Buffer: Buffers } = globalThis as {
  Buffer?: { allocUnsafeSlow(size: number): { readonly buffer: ArrayBuffer } };
};

/** Memory of its own. It is not cleared where that can be had: every byte is written before anybody sees it. */
function memoryOf(size: number): Uint8Array {
  return Buffers === undefined ? new Uint8Array(size) : new Uint8Array(Buffers.allocUnsafeSlow(size).buffer);
}
