import { encodeAnswer } from './answer.ts';
import { RESULT } from './wire.ts';

/** The largest sequence number. */
const LAST = 0xffff_ffff;

/**
 * Pushes to one user that were not acknowledged, numbered from 1 on. When there are too many, the oldest are given up:
 * the client sees that from the numbers.
 */
export class PushBuffer {
  readonly #maxNumber: number;
  readonly #maxBytes: number;
  readonly #kept = new Map<number, Uint8Array>();
  #bytes = 0;
  #sent = 0;

  constructor(maxNumber: number, maxBytes: number) {
    this.#maxNumber = maxNumber;
    this.#maxBytes = maxBytes;
  }

  /** Number of the latest push, 0 if there was none. */
  get sent(): number {
    return this.#sent;
  }

  /** Pushes kept now, and their bytes. */
  get size(): number {
    return this.#kept.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Number of the first push that is kept, or of the next one. */
  get first(): number {
    for (const sequence of this.#kept.keys()) return sequence;
    return this.#sent + 1;
  }

  /** Adds a push; its payload, or undefined when the numbers have come to their end. */
  add(content: Uint8Array): Uint8Array | undefined {
    if (this.#sent === LAST) return undefined;
    const payload = encodeAnswer(content, RESULT.push, ++this.#sent);
    this.#kept.set(this.#sent, payload);
    this.#bytes += payload.length;
    for (const [sequence, oldest] of this.#kept) {
      if (this.#kept.size <= this.#maxNumber && this.#bytes <= this.#maxBytes) break;
      this.#drop(sequence, oldest);
    }
    return payload;
  }

  /** Forgets all up to a number. False if that was never sent. */
  acknowledge(sequence: number): boolean {
    if (sequence > this.#sent) return false;
    for (const [kept, payload] of this.#kept) {
      if (kept > sequence) break;
      this.#drop(kept, payload);
    }
    return true;
  }

  /** Forgets all of them; numbers go on. */
  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  /** Payloads of all that are kept, oldest first. */
  payloads(): IterableIterator<Uint8Array> {
    return this.#kept.values();
  }

  #drop(sequence: number, payload: Uint8Array): void {
    this.#kept.delete(sequence);
    this.#bytes -= payload.length;
  }
}
