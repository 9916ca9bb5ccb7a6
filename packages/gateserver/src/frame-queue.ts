import { FrameReader, type HeaderSize } from '@skynet/core/netpack';

/** Bytes that are cut into packets at once. */
const SLICE = 16 << 10;
/** Packets from this size on are put together as they come: so they are copied once. */
const LARGE = 4 << 10;
const EMPTY = new Uint8Array(0);

/**
 * Bytes of one connection, cut into packets when these are taken: a waiting client costs its bytes and the packets of
 * one slice, however small its packets are.
 *
 * ```
 * add ──> chunks ──> slice ──> FrameReader ──> frames ──> take
 *  └── of large packets, if nothing waits ──┘
 * ```
 */
export class FrameQueue {
  readonly #reader: FrameReader;
  readonly #header: HeaderSize;
  readonly #limit: number;
  #chunks: Buffer[] = [];
  /** How much of the first chunk has been cut. */
  #at = 0;
  #frames: Uint8Array[] = [];
  #taken = 0;
  #failure: unknown;
  readonly #onFrame = (buffer: Uint8Array, start: number, end: number): void => {
    this.#frames.push(
      start === end ? EMPTY : new Uint8Array(buffer.buffer, buffer.byteOffset + start, end - start),
    );
  };

  /** What was put together over several pieces has memory of its own; what came whole lies in that of the connection. */
  readonly #onLarge = (buffer: Uint8Array, start: number, end: number): void => {
    if (start > 0) this.#frames.push(ownCopy(buffer, start, end));
    else this.#onFrame(buffer, start, end);
  };

  /** @param limit Largest packet in bytes. */
  constructor(header: HeaderSize, limit: number) {
    this.#reader = new FrameReader({ header, limit });
    this.#header = header;
    this.#limit = limit;
  }

  /** Whether {@link take} has something to look at. */
  get isWaiting(): boolean {
    return this.#taken < this.#frames.length || this.#chunks.length > 0 || this.#failure !== undefined;
  }

  /** Whether nothing is left of what was added, not even a part of a packet: it may go on with another connection. */
  get isAtRest(): boolean {
    return !this.isWaiting && this.#reader.pendingBytes === 0;
  }

  /** Where the next bytes may be read to, so that a large packet is not copied; they are to be added next. */
  room(): Uint8Array | undefined {
    return this.#chunks.length === 0 && this.#failure === undefined ? this.#reader.room() : undefined;
  }

  /** Adds bytes; they are copied, but for those of a large packet that were read into the room. */
  add(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    const from = this.#chunks.length === 0 ? this.#takeLarge(bytes) : 0;
    if (from === bytes.length) return;
    const chunk = Buffer.allocUnsafe(bytes.length - from);
    chunk.set(from === 0 ? bytes : bytes.subarray(from));
    this.#chunks.push(chunk);
  }

  /** Takes large packets out of the front of what came, whole ones and pieces; returns where the rest begins. */
  #takeLarge(bytes: Uint8Array): number {
    let at = 0;
    for (let end = this.#endOfLarge(bytes, at); end > at; end = this.#endOfLarge(bytes, at)) {
      this.#reader.push(bytes.subarray(at, end), this.#onLarge);
      at = end;
    }
    return at;
  }

  /** Where the large packet ends that begins or goes on at `at`, as far as it is there; `at` if there is none. */
  #endOfLarge(bytes: Uint8Array, at: number): number {
    const left = bytes.length - at;
    const { missingBytes, pendingBytes } = this.#reader;
    if (pendingBytes + missingBytes >= LARGE) return at + Math.min(missingBytes, left);
    if (pendingBytes > 0 || left <= this.#header) return at;
    let size = 0;
    for (let i = 0; i < this.#header; i++) size = size * 0x100 + (bytes[at + i] as number);
    return size < LARGE || size > this.#limit ? at : at + Math.min(this.#header + size, left);
  }

  /**
   * The next packet that is complete; it may be kept, and shares memory with its neighbours.
   * @throws ERR_FRAME_TOO_LARGE behind the last packet before one above the limit; nothing comes after that.
   */
  take(): Uint8Array | undefined {
    while (this.#taken === this.#frames.length) {
      if (this.#failure !== undefined) throw this.#failure;
      const slice = this.#slice();
      if (slice === undefined) return undefined;
      this.#taken = 0;
      this.#frames.length = 0;
      try {
        this.#reader.push(slice, this.#onFrame);
      } catch (error) {
        this.#failure = error;
        this.#chunks = [];
      }
    }
    return this.#frames[this.#taken++];
  }

  #slice(): Uint8Array | undefined {
    const [chunk] = this.#chunks;
    if (chunk === undefined) {
      // Packets that were taken need not be kept for the next chunk.
      if (this.#taken > 0) this.#frames = [];
      this.#taken = 0;
      return undefined;
    }
    const from = this.#at;
    const left = chunk.length - from;
    if (left > SLICE) this.#at = from + SLICE;
    else {
      this.#at = 0;
      this.#chunks.shift();
    }
    return from === 0 && left <= SLICE ? chunk : chunk.subarray(from, from + Math.min(left, SLICE));
  }
}

function ownCopy(buffer: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(Buffer.allocUnsafeSlow(end - start).buffer);
  copy.set(buffer.subarray(start, end));
  return copy;
}
