/** First size of a buffer, and the largest that is kept when it has been sent. */
const SMALL = 4096;
const KEPT = 1 << 16;
/** Pieces from this size on are not copied. */
const BY_REFERENCE = 1 << 14;

/**
 * Gathers the writes of one turn of the event loop: small pieces are copied one behind the other, large ones kept as
 * they are. A write of its own for every piece costs a system call each, which is most of what the original spends.
 */
export class OutBuffer {
  #bytes: Buffer | undefined;
  #used = 0;
  #done: Uint8Array[] | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    const size = piece.length;
    this.#length += size;
    if (size >= BY_REFERENCE) {
      this.#finishPiece();
      this.#done ??= [];
      this.#done.push(piece);
      return;
    }
    const bytes = this.#room(size);
    bytes.set(piece, this.#used);
    this.#used += size;
  }

  addFrame(payload: Uint8Array, header: 2 | 4): void {
    const size = payload.length;
    const bytes = this.#room(header);
    let at = this.#used;
    if (header === 4) {
      bytes[at++] = size >>> 24;
      bytes[at++] = size >>> 16;
    }
    bytes[at++] = size >>> 8;
    bytes[at++] = size;
    this.#used = at;
    this.#length += header;
    this.add(payload);
  }

  /** Takes out everything gathered, as one piece where that is cheap. */
  take(): Uint8Array[] {
    this.#finishPiece();
    const pieces = this.#done ?? [];
    this.#done = undefined;
    this.#length = 0;
    return pieces;
  }

  #room(size: number): Buffer {
    if (this.#bytes === undefined) this.#bytes = Buffer.allocUnsafeSlow(Math.max(SMALL, size));
    else if (this.#used + size > this.#bytes.length) {
      const bigger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + size));
      this.#bytes.copy(bigger, 0, 0, this.#used);
      this.#bytes = bigger;
      if (this.#used > KEPT) this.#finishPiece();
      if (this.#bytes === undefined) this.#bytes = Buffer.allocUnsafeSlow(Math.max(SMALL, size));
    }
    return this.#bytes;
  }

  #finishPiece(): void {
    if (this.#bytes === undefined || this.#used === 0) return;
    this.#done ??= [];
    this.#done.push(this.#bytes.subarray(0, this.#used));
    this.#bytes = undefined;
    this.#used = 0;
  }
}
