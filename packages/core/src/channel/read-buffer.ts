const BLOCK_SIZE = 64 * 1024;
/** Pieces below this may not keep a larger block alive. */
const SMALL_PIECE = 4096;

/** A piece of memory that is filled once from the front. */
interface Block {
  readonly bytes: Buffer;
  /** Where the bytes not taken yet begin. */
  start: number;
  /** Where the free room begins. */
  end: number;
}

/**
 * Bytes in; counted pieces and lines out. Knows nothing of sockets.
 *
 * The first piece gets a block of its own size, so that a connection whose bytes are read as they come holds no
 * spare room. Only when bytes pile up do blocks grow, so that a flood of tiny pieces costs no more than its bytes.
 */
export class ReadBuffer {
  #blocks: Block[] = [];
  #size = 0;
  #expected = 0;
  /** Up to here, counted from the front, no separator begins; only valid for `#sought`. */
  #searched = 0;
  #sought: Uint8Array | undefined = undefined;

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.#size;
  }

  /** So many bytes are to come: they get one block, made with the first of them. */
  expect(count: number): void {
    this.#expected = count;
  }

  /** Copies the bytes in. */
  push(bytes: Uint8Array): void {
    let from = 0;
    const last = this.#blocks.at(-1);
    if (last !== undefined) {
      const room = Math.min(last.bytes.length - last.end, bytes.length);
      if (room > 0) {
        last.bytes.set(room === bytes.length ? bytes : bytes.subarray(0, room), last.end);
        last.end += room;
        from = room;
      }
    }
    const left = bytes.length - from;
    if (left > 0) {
      const spare = this.#size === 0 ? this.#expected : Math.min(BLOCK_SIZE, this.#size);
      const capacity = Math.max(left, spare);
      this.#expected = 0;
      const block: Block = { bytes: Buffer.allocUnsafe(capacity), start: 0, end: left };
      block.bytes.set(from === 0 ? bytes : bytes.subarray(from), 0);
      this.#blocks.push(block);
    }
    this.#size += bytes.length;
  }

  /**
   * Takes `count` bytes from the front; there must be that many. The result belongs to the caller: it shares memory
   * with nothing that is still to come.
   */
  take(count: number): Buffer {
    if (count > this.#size) throw new RangeError(`${count} of ${this.#size} bytes`);
    this.#searched = Math.max(0, this.#searched - count);
    this.#size -= count;
    const first = this.#blocks[0];
    if (first === undefined || count === 0) return Buffer.alloc(0);
    if (first.end - first.start >= count) {
      const view = first.bytes.subarray(first.start, first.start + count);
      const piece = count < SMALL_PIECE && count < first.bytes.length / 2 ? Buffer.from(view) : view;
      first.start += count;
      if (this.#size === 0) this.#blocks = [];
      else if (first.start === first.bytes.length) this.#blocks.shift();
      return piece;
    }
    const out = Buffer.allocUnsafe(count);
    let filled = 0;
    let used = 0;
    for (const block of this.#blocks) {
      const part = Math.min(block.end - block.start, count - filled);
      block.bytes.copy(out, filled, block.start, block.start + part);
      block.start += part;
      filled += part;
      if (block.start === block.end) used += 1;
      if (filled === count) break;
    }
    // A block that is emptied here is no longer the last one, or everything was taken.
    this.#blocks = this.#size === 0 ? [] : this.#blocks.slice(used);
    return out;
  }

  /** Takes what lies together at the front; undefined if nothing does. Belongs to the caller, as with {@link take}. */
  takePiece(): Buffer | undefined {
    const first = this.#blocks[0];
    return first === undefined ? undefined : this.take(first.end - first.start);
  }

  /** Takes bytes from the front up to the separator and the separator too; undefined if there is none yet. */
  takeLine(separator: Uint8Array): Buffer | undefined {
    const at = this.find(separator);
    if (at === -1) return undefined;
    const line = this.take(at);
    this.#skip(separator.length);
    return line;
  }

  /** Where the separator begins, counted from the front; -1 if it is not there. Bytes are searched once. */
  find(separator: Uint8Array): number {
    if (this.#sought === undefined || !sameBytes(this.#sought, separator)) {
      this.#sought = separator;
      this.#searched = 0;
    }
    const first = separator[0] as number;
    let base = 0;
    for (let index = 0; index < this.#blocks.length; index++) {
      const block = this.#blocks[index] as Block;
      const length = block.end - block.start;
      let from = Math.max(0, this.#searched - base);
      while (from < length) {
        const hit = block.bytes.indexOf(first, block.start + from);
        if (hit === -1 || hit >= block.end) break;
        const at = hit - block.start;
        const match = this.#matches(separator, index, hit);
        if (match === 'yes') return base + at;
        if (match === 'open') {
          this.#searched = base + at;
          return -1;
        }
        from = at + 1;
      }
      base += length;
    }
    this.#searched = this.#size;
    return -1;
  }

  /** The last bytes, at most `count`. A copy; nothing is taken. */
  tail(count: number): Uint8Array {
    const wanted = Math.min(count, this.#size);
    const out = new Uint8Array(wanted);
    let left = wanted;
    for (let index = this.#blocks.length - 1; left > 0; index--) {
      const block = this.#blocks[index] as Block;
      const part = Math.min(left, block.end - block.start);
      out.set(block.bytes.subarray(block.end - part, block.end), left - part);
      left -= part;
    }
    return out;
  }

  /** Forgets everything. */
  clear(): void {
    this.#blocks = [];
    this.#size = 0;
    this.#searched = 0;
  }

  /** Whether the separator stands at `position` of a block: `open` when the bytes end before that is known. */
  #matches(separator: Uint8Array, index: number, position: number): 'yes' | 'no' | 'open' {
    let block = this.#blocks[index] as Block;
    let next = index + 1;
    let at = position;
    for (let i = 0; i < separator.length; i++) {
      while (at === block.end) {
        const following = this.#blocks[next];
        if (following === undefined) return 'open';
        block = following;
        next += 1;
        at = block.start;
      }
      if (block.bytes[at] !== separator[i]) return 'no';
      at += 1;
    }
    return 'yes';
  }

  #skip(count: number): void {
    let left = count;
    while (left > 0) {
      const block = this.#blocks[0] as Block;
      const part = Math.min(left, block.end - block.start);
      block.start += part;
      left -= part;
      this.#size -= part;
      if (
        block.start === block.end &&
        (this.#size === 0 || block.start === block.bytes.length || this.#blocks.length > 1)
      ) {
        this.#blocks.shift();
      }
    }
    this.#searched = Math.max(0, this.#searched - count);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
