// Writes to connections of another thread, one behind the other. Numbers are little-endian:
//
//      [float64 id] [int32 length, -1: close] [bytes ...]     [float64 id] ...

/** Bytes in front of those of a write. */
const HEAD = 12;
const CLOSE = -1;
/** First size of the memory, and the size above which it is not kept. */
const FIRST = 4096;
const KEPT = 1 << 16;
/** Bytes with which a batch is full. */
const FULL = 1 << 15;
/** Length up to which writes to one connection that follow each other become one. */
const JOINED = 1 << 14;
/** No place, and no connection. */
const NONE = -1;

/** Gathers writes, and closings, for another thread as one piece of bytes. */
export class WriteBatch {
  #bytes: Uint8Array = new Uint8Array(FIRST);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  /** Connection of the write that stands last, and where its head is. */
  #lastId = NONE;
  #lastAt = NONE;

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Whether it is worth sending before the turn is over. */
  get isFull(): boolean {
    return this.#used >= FULL;
  }

  /** Takes a write down; null closes. The bytes are copied. */
  add(id: number, bytes: Uint8Array | null): void {
    if (bytes === null) this.#head(id, CLOSE);
    else if (id !== this.#lastId || this.#used - this.#lastAt > JOINED) {
      this.#lastAt = this.#head(id, bytes.length);
      this.#lastId = id;
      this.#append(bytes);
    } else {
      this.#append(bytes);
      this.#view.setInt32(this.#lastAt + 8, this.#used - this.#lastAt - HEAD, true);
    }
  }

  #head(id: number, length: number): number {
    const at = this.#used;
    this.#reserve(HEAD);
    this.#view.setFloat64(at, id, true);
    this.#view.setInt32(at + 8, length, true);
    this.#used = at + HEAD;
    this.#lastId = NONE;
    return at;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Everything so far, from here on empty. The memory is used again by the next {@link add}. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    this.#lastId = NONE;
    if (this.#bytes.length > KEPT) this.#use(new Uint8Array(FIRST));
    return taken;
  }

  #reserve(size: number): void {
    const needed = this.#used + size;
    if (needed <= this.#bytes.length) return;
    const bigger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    bigger.set(this.#bytes.subarray(0, this.#used));
    this.#use(bigger);
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/**
 * Calls `take` with the writes of a batch, in order; null for one that closes. Those to one connection that follow each other
 * may come as one. The pieces are parts of the batch.
 */
export function readWrites(batch: Uint8Array, take: (id: number, bytes: Uint8Array | null) => void): void {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  for (let at = 0; at < batch.length; ) {
    const id = view.getFloat64(at, true);
    const length = view.getInt32(at + 8, true);
    const start = at + HEAD;
    at = start + Math.max(0, length);
    take(id, length === CLOSE ? null : batch.subarray(start, at));
  }
}
