/** Memory grows in such steps at first, so that a length that is only announced costs little. */
const STEP = 65_536;
const NOTHING = Buffer.alloc(0);

/** The payload of a frame or message that comes in pieces, in memory of its own. */
export class PartialPayload {
  bytes: Buffer = NOTHING;
  size = 0;

  /**
   * Adds a piece of a chunk.
   * @param expected How many bytes are to come, this piece among them, as far as is known.
   */
  add(chunk: Uint8Array, from: number, length: number, expected: number): void {
    const size = this.size + length;
    if (size > this.bytes.length) this.#grow(size, expected - length);
    if (length > 0)
      this.bytes.set(
        from === 0 && length === chunk.length ? chunk : chunk.subarray(from, from + length),
        this.size,
      );
    this.size = size;
  }

  /** Twice as much each time, so that no byte is copied often; at first no more than is known to come. */
  #grow(size: number, more: number): void {
    const { length } = this.bytes;
    const known = size + more;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(2 * length, Math.min(known, size + Math.max(length, STEP))),
    );
    larger.set(this.bytes.subarray(0, this.size));
    this.bytes = larger;
  }
}
