/** Pieces of low priority that wait for their turn: first in, first out; a piece leaves whole. */
export class LowQueue {
  #pieces: Uint8Array[] = [];
  #head = 0;
  #size = 0;

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether nothing waits. An empty piece counts. */
  get empty(): boolean {
    return this.#head === this.#pieces.length;
  }

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#size += piece.length;
  }

  take(): Uint8Array | undefined {
    const piece = this.#pieces[this.#head];
    if (piece === undefined) return undefined;
    this.#head += 1;
    this.#size -= piece.length;
    if (this.#head === this.#pieces.length || this.#head === 1024) {
      this.#pieces = this.#pieces.slice(this.#head);
      this.#head = 0;
    }
    return piece;
  }

  clear(): void {
    this.#pieces = [];
    this.#head = 0;
    this.#size = 0;
  }
}
