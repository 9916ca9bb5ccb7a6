import { BACKLOG_MARK, type Connection } from '@skynet/core/transport';
import type { Parts } from './part.ts';

/** Writes frames to a connection. Parts of large bodies leave only while little waits, so that small frames pass them. */
export class FrameWriter {
  readonly #connection: Connection;
  readonly #large: Parts[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether the peer reads too slowly: what is written stays here. */
  get isBackedUp(): boolean {
    return this.#connection.pendingBytes > BACKLOG_MARK;
  }

  write(frame: Uint8Array): void {
    this.#connection.write(frame);
  }

  /** Frames of one large body, in order. */
  writeParts(parts: Parts): void {
    this.#large.push(parts);
    if (this.#large.length === 1) this.pump();
  }

  /** Goes on with what waits; to be called when the connection has drained. */
  pump(): void {
    const connection = this.#connection;
    // Above the mark the connection tells when it has drained.
    while (this.#large.length > 0 && !connection.closed && connection.pendingBytes <= BACKLOG_MARK) {
      const parts = this.#large[0] as Parts;
      const next = parts.next();
      if (next.done === true) this.#large.shift();
      else connection.write(next.value);
    }
  }
}
