import { FrameReader, type HeaderSize } from '@skynet/core/netpack';

/** Packets from this size on are put together as they come: so they are copied once. */
const LARGE = 4 << 10;
const EMPTY = new Uint8Array(0);
const NOTHING = Buffer.alloc(0);

/**
 * Bytes of one connection, cut into packets one by one when these are taken: a waiting client costs its bytes, however small
 * its packets are.
 *
 * ```
 *  ┌── large packets, if nothing waits ──> FrameReader ──> whole ──┐
 * add ──> chunks ──┬── packets that came in pieces ──┘             ├──> take
 *                  └── a packet that lies in one chunk ────────────┘
 * ```
 */
export class FrameQueue {
  readonly #reader: FrameReader;
  readonly #header: HeaderSize;
  readonly #limit: number;
  /** The chunk that is being cut, and how much of it has been. Asking bytes for their memory is a call of the host. */
  #chunk: Buffer = NOTHING;
  #memory: ArrayBufferLike = NOTHING.buffer;
  #at = 0;
  /** Those behind it. */
  readonly #chunks: Buffer[] = [];
  /** Packets that the reader has put together; they come before the chunks. */
  readonly #whole: Uint8Array[] = [];
  #failure: unknown;
  /** What came in pieces has memory of its own; what came whole lies in that of the connection. */
  readonly #onWhole = (buffer: Uint8Array, start: number, end: number): void => {
    this.#whole.push(start > 0 ? ownCopy(buffer, start, end) : viewOf(buffer, end));
  };

  /** @param limit Largest packet in bytes. */
  constructor(header: HeaderSize, limit: number) {
    this.#reader = new FrameReader({ header, limit });
    this.#header = header;
    this.#limit = limit;
  }

  /** Whether {@link take} has something to look at. */
  get isWaiting(): boolean {
    return this.#hasChunk() || this.#whole.length > 0 || this.#failure !== undefined;
  }

  /** A method: V8 does not make a private getter part of its caller. */
  #hasChunk(): boolean {
    return this.#at < this.#chunk.length || this.#chunks.length > 0;
  }

  /** Whether nothing is left of what was added, not even a part of a packet: it may go on with another connection. */
  get isAtRest(): boolean {
    return !this.isWaiting && this.#reader.pendingBytes === 0;
  }

  /** Where the next bytes may be read to, so that a large packet is not copied; they are to be added next. */
  room(): Uint8Array | undefined {
    return this.#hasChunk() || this.#failure !== undefined ? undefined : this.#reader.room();
  }

  /** Adds bytes; they are copied, but for those of a large packet that were read into the room. */
  add(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    const from = this.#hasChunk() ? 0 : this.#takeLarge(bytes);
    if (from === bytes.length) return;
    const chunk = Buffer.allocUnsafe(bytes.length - from);
    chunk.set(from === 0 ? bytes : bytes.subarray(from));
    if (this.#hasChunk()) this.#chunks.push(chunk);
    else this.#cutFrom(chunk);
  }

  #cutFrom(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#memory = chunk.buffer;
    this.#at = 0;
  }

  /** Takes large packets out of the front of what came, whole ones and pieces; returns where the rest begins. */
  #takeLarge(bytes: Uint8Array): number {
    let at = 0;
    for (let end = this.#endOfLarge(bytes, at); end > at; end = this.#endOfLarge(bytes, at)) {
      this.#reader.push(bytes.subarray(at, end), this.#onWhole);
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
    const size = this.#sizeAt(bytes, at);
    return size < LARGE || size > this.#limit ? at : at + Math.min(this.#header + size, left);
  }

  /** What a header says. */
  #sizeAt(bytes: Uint8Array, at: number): number {
    const size = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    if (this.#header === 2) return size;
    return size * 0x1_0000 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
  }

  /**
   * The next packet that is complete; it may be kept, and shares memory with its neighbours.
   * @throws ERR_FRAME_TOO_LARGE behind the last packet before one above the limit; nothing comes after that.
   */
  take(): Uint8Array | undefined {
    for (;;) {
      if (this.#whole.length > 0) return this.#whole.shift();
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#at === this.#chunk.length) {
        if (!this.#hasChunk()) {
          this.#cutFrom(NOTHING);
          return undefined;
        }
        this.#cutFrom(this.#chunks.shift() as Buffer);
      }
      if (this.#reader.pendingBytes === 0) {
        const frame = this.#cut();
        if (frame !== undefined) return frame;
      }
      this.#collect();
    }
  }

  /** The packet that lies whole at the front of the chunk. */
  #cut(): Uint8Array | undefined {
    const chunk = this.#chunk;
    const start = this.#at + this.#header;
    if (start > chunk.length) return undefined;
    const size = this.#sizeAt(chunk, this.#at);
    const end = start + size;
    if (end > chunk.length || size > this.#limit) return undefined;
    this.#at = end;
    return size === 0 ? EMPTY : new Uint8Array(this.#memory, chunk.byteOffset + start, size);
  }

  /** Gives the reader what the chunk has of a packet that is not whole in it: of its header, then of what that says. */
  #collect(): void {
    const { missingBytes, pendingBytes } = this.#reader;
    const wanted = pendingBytes < this.#header ? this.#header - pendingBytes : missingBytes;
    const piece = this.#chunk.subarray(this.#at, this.#at + wanted);
    this.#at += piece.length;
    try {
      this.#reader.push(piece, this.#onWhole);
    } catch (error) {
      this.#failure = error;
      this.#chunks.length = 0;
      this.#cutFrom(NOTHING);
    }
  }
}

function viewOf(buffer: Uint8Array, end: number): Uint8Array {
  return end === 0 ? EMPTY : new Uint8Array(buffer.buffer, buffer.byteOffset, end);
}

function ownCopy(buffer: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(Buffer.allocUnsafeSlow(end - start).buffer);
  copy.set(buffer.subarray(start, end));
  return copy;
}
