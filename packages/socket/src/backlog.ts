import type { Connection } from '@skynet/core/transport';
import { LowQueue } from './low-queue.ts';

/** Unsent bytes of the first warning. */
export const WARNING_MARK: number = 1024 * 1024;
/** Low-priority bytes handed to an idle connection at once: about what the system takes without waiting. */
const LOW_PORTION = 64 * 1024;
/** The longest wait between two looks at a connection that is not drained yet, in milliseconds. */
const LONGEST_LOOK = 320;

/** Whose bytes they are. */
export interface BacklogOwner {
  /** The connection has been found to have sent everything. */
  drained(): void;
  /** So many KiB wait to be sent; 0: all is sent. */
  warn(kilobytes: number): void;
}

/** What a connection has that takes its time to send: pieces of low priority, and warnings. */
export class Backlog {
  readonly #connection: Pick<Connection, 'write' | 'pendingBytes'>;
  readonly #owner: BacklogOwner;
  readonly #low = new LowQueue();
  /** Unsent bytes of the next warning, 0 before the first. */
  #warnAt = 0;
  #look: NodeJS.Timeout | undefined = undefined;

  constructor(connection: Pick<Connection, 'write' | 'pendingBytes'>, owner: BacklogOwner) {
    this.#connection = connection;
    this.#owner = owner;
  }

  /** Bytes of low priority that wait. */
  get size(): number {
    return this.#low.size;
  }

  /** A piece of low priority, for when nothing else waits. */
  add(piece: Uint8Array): void {
    this.#low.add(piece);
    this.#lookSoon(0);
  }

  /** So many bytes wait, not less than {@link WARNING_MARK}. */
  grown(bytes: number): void {
    if (bytes < this.#warnAt) return;
    this.#warnAt = this.#warnAt === 0 ? WARNING_MARK * 2 : this.#warnAt * 2;
    this.#owner.warn(Math.ceil(bytes / 1024));
    this.#lookSoon(0);
  }

  /** The connection has sent everything that it had. */
  drained(): void {
    this.stop();
    if (!this.#low.empty) {
      this.#send(LOW_PORTION);
      this.#lookSoon(0);
    } else if (this.#warnAt > 0) {
      this.#warnAt = 0;
      this.#owner.warn(0);
    }
  }

  /** The connection tells of being drained only after a large backlog, so with less we look ourselves. */
  #lookSoon(wait: number): void {
    if (this.#look !== undefined) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      if (this.#connection.pendingBytes === 0) this.#owner.drained();
      else this.#lookSoon(Math.min(LONGEST_LOOK, wait * 2 + 5));
    }, wait);
  }

  /** Hands everything to the connection: nothing can come between any more. */
  flush(): void {
    this.#send(Number.POSITIVE_INFINITY);
  }

  #send(portion: number): void {
    let sent = 0;
    while (sent < portion) {
      const piece = this.#low.take();
      if (piece === undefined) return;
      sent += piece.length;
      this.#connection.write(piece);
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#low.clear();
  }

  /** Looks no more. */
  stop(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
  }
}
