import { BACKLOG_MARK, type Connection } from '@skynet/core/transport';
import type { Parts } from './part.ts';

/** A large body that is being written. */
interface Large {
  readonly parts: Parts;
  /** Bytes of it that have not been written. */
  left: number;
}

/** Writes frames to a connection. Parts of large bodies leave only while little waits, so that small frames pass them. */
export class FrameWriter {
  readonly #connection: Connection;
  readonly #large: Large[] = [];
  /** Bytes of large bodies that have not been written. */
  #largeBytes = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether the peer reads too slowly: what is written stays here. */
  get isBackedUp(): boolean {
    return this.#connection.pendingBytes > BACKLOG_MARK;
  }

  /** Whether everything has been handed to the connection. */
  get isDone(): boolean {
    return this.#large.length === 0;
  }

  /** Bytes that wait for the peer, in parts that have not been written too. */
  get pendingBytes(): number {
    return this.#connection.pendingBytes + this.#largeBytes;
  }

  write(frame: Uint8Array): void {
    this.#connection.write(frame);
  }

  /** Frames of one large body of so many bytes, in order. */
  writeParts(parts: Parts, size: number): void {
    this.#large.push({ parts, left: size });
    this.#largeBytes += size;
    if (this.#large.length === 1) this.pump();
  }

  /** Goes on with what waits; to be called when the connection has drained. */
  pump(): void {
    const connection = this.#connection;
    // Above the mark the connection tells when it has drained.
    while (this.#large.length > 0 && !connection.closed && connection.pendingBytes <= BACKLOG_MARK) {
      const large = this.#large[0] as Large;
      const next = large.parts.next();
      const written = next.done === true ? large.left : Math.min(large.left, next.value.length);
      large.left -= written;
      this.#largeBytes -= written;
      if (next.done === true) this.#large.shift();
      else connection.write(next.value);
    }
  }
}
