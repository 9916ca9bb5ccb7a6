import { OutBuffer } from './out-buffer.ts';

/** Empty buffers kept for later, in bytes of their memory. */
const SPARE_BYTES = 4 << 20;
/**
 * Connections that wait to be flushed until the end of the turn. Of thousands that are written to in one turn the first
 * ones would have left the processor's caches, and each would hold a buffer meanwhile.
 */
const BATCH = 128;

/** What has something to send. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes the connections of a transport that were written to, once in a turn of the event loop, after all reads of
 * the turn; so answers to many small requests leave in one system call. Of many connections so many at a time are flushed
 * before, once whoever writes to them has returned. It lends out the buffers they gather in, so that an idle connection
 * holds none.
 */
export class Flusher {
  #dirty: Flushable[] = [];
  #flushing: Flushable[] = [];
  #scheduled = false;
  readonly #spare: OutBuffer[] = [];
  #spareBytes = 0;
  readonly #headroom: number;
  readonly #flushAll = (): void => {
    this.#scheduled = false;
    this.#flush();
  };
  readonly #flush = (): void => {
    const flushing = this.#dirty;
    this.#dirty = this.#flushing;
    this.#flushing = flushing;
    let at = 0;
    try {
      for (; at < flushing.length; at++) flushing[at]?.flush();
    } finally {
      // A receiver threw; the others are not to wait for that.
      for (at++; at < flushing.length; at++) this.add(flushing[at] as Flushable);
      flushing.length = 0;
    }
  };

  /** @param headroom Bytes to be kept free in front of what is gathered. */
  constructor(headroom = 0) {
    this.#headroom = headroom;
  }

  /** Flushes it at the end of this turn at the latest. To be called once until it is flushed. */
  add(connection: Flushable): void {
    if (this.#dirty.push(connection) === BATCH) process.nextTick(this.#flush);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flushAll);
  }

  lend(): OutBuffer {
    const buffer = this.#spare.pop();
    if (buffer === undefined) return new OutBuffer(this.#headroom);
    this.#spareBytes -= buffer.capacity;
    return buffer;
  }

  giveBack(buffer: OutBuffer): void {
    buffer.clear();
    const { capacity } = buffer;
    if (this.#spareBytes + capacity > SPARE_BYTES) return;
    this.#spareBytes += capacity;
    this.#spare.push(buffer);
  }
}
