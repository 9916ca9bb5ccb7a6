import { gateError } from './errors.ts';

const NOTHING = new Uint8Array(0);
/** First room for a packet that arrives in parts; it grows with what arrives, not with what was announced. */
const FIRST_ROOM = 4096;

/**
 * Bytes of one connection, cut into packets when they are taken: a big endian length, then so many bytes.
 * Cutting late costs a waiting client its bytes and nothing more, however small its packets are.
 *
 * ```
 * add ──> [chunk][chunk][chunk] ──> take ──> packet (a view of its chunk)
 *            at ^            └──────────────> packet that began in an earlier chunk (copied together)
 * ```
 */
export class FrameQueue {
  readonly #header: 2 | 4;
  readonly #maxFrame: number;
  #chunks: Uint8Array[] = [];
  #chunk: Uint8Array = NOTHING;
  #next = 0;
  #at = 0;
  /** Header bytes read of a packet that began in an earlier chunk, and the length they give. */
  #headerRead = 0;
  #length = 0;
  /** Room for its body, and how much of that is filled. */
  #body: Uint8Array | undefined;
  #filled = 0;
  #refused = false;

  constructor(header: 2 | 4, maxFrame: number) {
    this.#header = header;
    this.#maxFrame = maxFrame;
  }

  /** Adds bytes; they are copied. */
  add(chunk: Uint8Array): void {
    if (this.#refused) return;
    const copy = Buffer.allocUnsafe(chunk.length);
    copy.set(chunk);
    if (this.#at === this.#chunk.length && this.#next === this.#chunks.length) {
      this.#chunk = copy;
      this.#at = 0;
    } else this.#chunks.push(copy);
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks = [];
    this.#next = 0;
    this.#chunk = NOTHING;
    this.#at = 0;
    this.#body = undefined;
    this.#headerRead = 0;
  }

  /**
   * The next packet that is complete.
   * @throws ERR_FRAME_TOO_LARGE when a packet above the limit begins; nothing comes after that.
   */
  take(): Uint8Array | undefined {
    const header = this.#header;
    if (this.#headerRead === 0) {
      const chunk = this.#chunk;
      const at = this.#at;
      const start = at + header;
      if (start <= chunk.length) {
        const length = readLength(chunk, at, header);
        if (length > this.#maxFrame) this.#refuse(length);
        const end = start + length;
        if (end <= chunk.length) {
          this.#at = end;
          return length === 0 ? NOTHING : new Uint8Array(chunk.buffer, chunk.byteOffset + start, length);
        }
      }
    }
    return this.#takeJoined();
  }

  /** A packet that does not lie in one chunk. */
  #takeJoined(): Uint8Array | undefined {
    for (;;) {
      if (this.#at === this.#chunk.length && !this.#nextChunk()) return undefined;
      if (this.#headerRead < this.#header) {
        this.#length = this.#headerRead === 0 ? 0 : this.#length * 256;
        this.#length += this.#chunk[this.#at++] as number;
        if (++this.#headerRead < this.#header) continue;
        if (this.#length > this.#maxFrame) this.#refuse(this.#length);
        this.#filled = 0;
      }
      if (this.#fill()) {
        const body = this.#body ?? NOTHING;
        this.#body = undefined;
        this.#headerRead = 0;
        return body;
      }
    }
  }

  /** Moves bytes of the chunk to the body. Whether the body is complete. */
  #fill(): boolean {
    const size = Math.min(this.#length - this.#filled, this.#chunk.length - this.#at);
    const filled = this.#filled + size;
    if (size > 0) {
      const room = this.#body?.length ?? 0;
      if (filled > room) {
        const body = new Uint8Array(Math.min(this.#length, Math.max(FIRST_ROOM, room * 2, filled)));
        if (this.#body !== undefined) body.set(this.#body.subarray(0, this.#filled));
        this.#body = body;
      }
      this.#body?.set(this.#chunk.subarray(this.#at, this.#at + size), this.#filled);
      this.#at += size;
      this.#filled = filled;
    }
    return filled === this.#length;
  }

  #nextChunk(): boolean {
    const chunk = this.#chunks[this.#next];
    this.#at = 0;
    if (chunk === undefined) {
      this.#chunk = NOTHING;
      return false;
    }
    this.#chunk = chunk;
    this.#next++;
    if (this.#next === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#next = 0;
    }
    return true;
  }

  #refuse(length: number): never {
    this.clear();
    this.#refused = true;
    throw gateError('ERR_FRAME_TOO_LARGE', `a packet of ${length} bytes is above the limit of ${this.#maxFrame}`, {
      details: { size: length, limit: this.#maxFrame },
    });
  }
}

function readLength(bytes: Uint8Array, at: number, header: 2 | 4): number {
  const low = ((bytes[at + header - 2] as number) << 8) | (bytes[at + header - 1] as number);
  if (header === 2) return low;
  return (((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | low) >>> 0;
}
