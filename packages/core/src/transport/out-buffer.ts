/** First size of a buffer, and the size at which it is set aside as a piece and another begun. */
const FIRST = 4096;
const FULL = 1 << 16;
/** What is left of a block is used on from this size: the headers of large pieces fit into little. */
const LEAST = 256;
/** Pieces from this size on are not copied. */
const BY_REFERENCE = 1 << 14;
/** Largest payload copied byte by byte, which is quicker than a call. */
const LOOPED = 24;

/**
 * Gathers the writes of one turn of the event loop: small pieces are copied one behind the other, large ones kept as
 * they are. A write of its own for every piece costs a system call each, which is most of what the original spends.
 */
export class OutBuffer {
  /** Bytes gathered. */
  length = 0;
  /** Bytes of memory it keeps when it is empty. Counted, since asking the block for its memory is a call of the host. */
  capacity: number = FIRST;
  #block: Uint8Array = new Uint8Array(FIRST);
  /** Where the part of the block begins that is not among the pieces, and where it ends. */
  #start: number;
  #used: number;
  #pieces: Uint8Array[] | undefined;
  readonly #headroom: number;

  /** @param headroom Bytes to be kept free in front of what is gathered first, for {@link behind}. */
  constructor(headroom = 0) {
    this.#headroom = headroom;
    this.#start = headroom;
    this.#used = headroom;
  }

  add(piece: Uint8Array): void {
    const size = piece.length;
    if (size >= BY_REFERENCE) {
      this.#setAside();
      this.#pieces ??= [];
      this.#pieces.push(piece);
    } else {
      this.#reserve(size);
      this.#copy(piece, size);
    }
    this.length += size;
  }

  addFrame(payload: Uint8Array, header: 2 | 4): void {
    const size = payload.length;
    const byReference = size >= BY_REFERENCE;
    this.#reserve(byReference ? header : header + size);
    const block = this.#block;
    let at = this.#used;
    if (header === 4) {
      block[at++] = size >>> 24;
      block[at++] = size >>> 16;
    }
    block[at++] = size >>> 8;
    block[at++] = size;
    this.#used = at;
    this.length += header;
    if (byReference) this.add(payload);
    else {
      this.#copy(payload, size);
      this.length += size;
    }
  }

  /** Everything gathered, as pieces in order; valid until {@link clear}. */
  pieces(): Uint8Array | Uint8Array[] {
    if (this.#pieces === undefined) return this.#block.subarray(this.#start, this.#used);
    this.#setAside();
    return this.#pieces;
  }

  /** Everything gathered as one piece, behind so many bytes of the headroom; undefined if there are several pieces. */
  behind(head: number): Uint8Array | undefined {
    return this.#pieces === undefined ? this.#block.subarray(this.#start - head, this.#used) : undefined;
  }

  /** Forgets everything; the memory may be used again. */
  clear(): void {
    this.length = 0;
    this.#start = this.#headroom;
    this.#used = this.#headroom;
    this.#pieces = undefined;
    if (this.#block.byteOffset !== 0) this.#block = new Uint8Array(this.#block.buffer);
  }

  #copy(piece: Uint8Array, size: number): void {
    const block = this.#block;
    const at = this.#used;
    if (size <= LOOPED) for (let i = 0; i < size; i++) block[at + i] = piece[i] as number;
    else block.set(piece, at);
    this.#used = at + size;
  }

  /** Makes room in the block. */
  #reserve(size: number): void {
    const used = this.#used;
    const needed = used + size;
    const { length } = this.#block;
    if (needed <= length) return;
    if (needed <= FULL) {
      const filled = this.#block.subarray(0, used);
      this.#begin(Math.min(FULL, Math.max(FIRST, length * 4, needed)));
      this.#block.set(filled);
      return;
    }
    this.#setAside();
    this.#begin(FULL);
  }

  /** Another block. */
  #begin(size: number): void {
    this.#block = new Uint8Array(size);
    this.capacity = size;
  }

  /** Makes what the block holds a piece; the rest of the block stays in use. */
  #setAside(): void {
    const used = this.#used;
    if (used > this.#start) {
      this.#pieces ??= [];
      this.#pieces.push(this.#block.subarray(this.#start, used));
      if (this.#block.length - used >= LEAST) this.#block = this.#block.subarray(used);
      else this.#begin(FIRST);
    }
    this.#start = 0;
    this.#used = 0;
  }
}
