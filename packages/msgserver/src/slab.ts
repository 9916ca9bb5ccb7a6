/** The first block, and what blocks grow to. */
const FIRST = 256;
const LARGEST = 8192;
/** More than this has memory of its own. */
const OWN = 1024;
const NOTHING = new Uint8Array(0);

/**
 * Memory for what is kept about equally long, cut from blocks: a piece is its block, a place in it and a size, so that a small
 * one is no object of its own, which the collector would have to copy and to free. A block lives until nobody has any of its
 * pieces; as each user has one of these, nobody's pieces hold on to what others have long forgotten.
 */
export class Slab {
  /** Where the piece stands that was reserved last, and its memory: to ask the block for that is a call of the host. */
  block: Uint8Array = NOTHING;
  memory: ArrayBufferLike = NOTHING.buffer;
  #current: Uint8Array = NOTHING;
  #used = 0;

  /** Makes room for a piece, to be written at once; returns its place in {@link block}, which begins where its memory does. */
  reserve(size: number): number {
    if (size > OWN) {
      this.#cutFrom(Buffer.allocUnsafeSlow(size));
      return 0;
    }
    const at = this.#used;
    if (at + size > this.#current.length) return this.#begin(size);
    this.#used = at + size;
    if (this.block !== this.#current) this.#cutFrom(this.#current);
    return at;
  }

  #begin(size: number): number {
    const twice = Math.max(FIRST, this.#current.length * 2);
    this.#current = Buffer.allocUnsafeSlow(Math.max(size, Math.min(LARGEST, twice)));
    this.#used = size;
    this.#cutFrom(this.#current);
    return 0;
  }

  #cutFrom(block: Uint8Array): void {
    this.block = block;
    this.memory = block.buffer;
  }
}
