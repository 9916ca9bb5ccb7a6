import { ReadBuffer } from '@skynet/core/channel';

/** A body that comes in parts. It holds what has come, never what was merely announced. */
export class JoinedBody {
  readonly #size: number;
  readonly #parts = new ReadBuffer();
  #filled = 0;

  /** @param size - what the head of it has announced. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Bytes that have come. */
  get filled(): number {
    return this.#filled;
  }

  /** Adds a part, which is copied. More than was announced is not kept. */
  add(part: Uint8Array): void {
    this.#filled += part.length;
    if (this.#filled > this.#size) this.#parts.clear();
    else this.#parts.push(part);
  }

  /** All of it; undefined when the parts are not as long as was announced. */
  join(): Uint8Array | undefined {
    return this.#filled === this.#size ? this.#parts.take(this.#size) : undefined;
  }
}
