import { FrameReader, type HeaderSize } from '@skynet/core/netpack';

/** Bytes that are cut into packets at once. */
const SLICE = 16 << 10;
const EMPTY = new Uint8Array(0);

/**
 * Bytes of one connection, cut into packets when these are taken: a waiting client costs its bytes and the packets of
 * one slice, however small its packets are.
 *
 * ```
 * add ──> chunks ──> slice ──> FrameReader ──> frames ──> take
 * ```
 */
export class FrameQueue {
  readonly #reader: FrameReader;
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

  /** @param limit Largest packet in bytes. */
  constructor(header: HeaderSize, limit: number) {
    this.#reader = new FrameReader({ header, limit });
  }

  /** Adds bytes; they are copied. */
  add(bytes: Uint8Array): void {
    if (this.#failure !== undefined) return;
    const chunk = Buffer.allocUnsafe(bytes.length);
    chunk.set(bytes);
    this.#chunks.push(chunk);
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
