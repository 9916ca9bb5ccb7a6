import type { LogOutput } from './log-output.ts';

/** Characters that may wait to be written; lines that come when there are more are lost. */
const MAX_WAITING = 16 << 20;
/** After that, lines are taken again when no more than so many wait. */
const ROOM = MAX_WAITING / 2;
/** Characters of one write. */
const PIECE = 1 << 16;
/** Milliseconds between two trials to write to what has failed. */
const RETRY = 1000;
/** Milliseconds that the last lines may take when the node stops. */
const LAST_WORDS = 2000;
/** Milliseconds that a write under way gets when the process ends at once. */
const LAST_WRITE = 20;

/** Why lines are missing where nothing has failed. */
const TOO_SLOW = 'nobody took them';

/** In the queue: what stands behind this belongs to the file that has its name then. */
const REOPEN = Symbol('reopen');

/** What a writer says about itself. */
export interface LogTroubles {
  /** The line that stands where lines are missing, or behind an interruption. */
  gap(lost: number, reason: string): string;
  /** Writing has begun to fail. Not for the log. */
  failed(reason: string): void;
}

/**
 * Writes lines to an output that may be slow, full, or gone for a while. Lines of one turn of the event loop leave
 * together. What waits has a limit, so that nobody who stops reading the log fills the node's memory; lines above it
 * are counted, and the count stands in the log at their place.
 */
export class LogWriter {
  readonly #output: LogOutput;
  readonly #troubles: LogTroubles;
  /** Pieces, each of which is one write. */
  readonly #queue: (string | typeof REOPEN)[] = [];
  /** What is left of the piece that is being written. */
  #piece: Buffer | undefined;
  #pieceLength = 0;
  /** Characters of the queue and of the piece. */
  #waiting = 0;
  #lost = 0;
  #isScheduled = false;
  #isWriting = false;
  /** Why the last write failed; undefined while all is well. */
  #failure: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isGone = false;
  #whenIdle: (() => void) | undefined;

  constructor(output: LogOutput, troubles: LogTroubles) {
    this.#output = output;
    this.#troubles = troubles;
  }

  add(line: string): void {
    if (this.#isGone) return;
    if (this.#lost > 0 || this.#waiting > MAX_WAITING) this.#lost++;
    else this.#append(line);
  }

  #append(line: string): void {
    const last = this.#queue.length - 1;
    const piece = this.#queue[last];
    if (typeof piece === 'string' && piece.length < PIECE) this.#queue[last] = piece + line;
    else this.#queue.push(line);
    this.#waiting += line.length;
    this.#schedule();
  }

  /** Lines from here on go to the file that has its name now. */
  reopen(): void {
    if (this.#failure === undefined) {
      this.#queue.push(REOPEN);
      this.#schedule();
    } else this.#tryNow();
  }

  /** Resolves when everything has been written, or that has failed or takes too long. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LAST_WORDS);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#tryNow();
    });
  }

  /** Writes what it can where the event loop runs no more. */
  writeNow(): void {
    if (this.#isGone) return;
    let rest = '';
    // The system's thread goes on meanwhile, so that the order is kept.
    if (this.#isWriting) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WRITE);
    else rest = this.#piece?.toString() ?? '';
    for (const piece of this.#queue) if (piece !== REOPEN) rest += piece;
    if (this.#lost > 0) rest += this.#troubles.gap(this.#lost, this.#failure ?? TOO_SLOW);
    this.#isGone = true;
    try {
      if (rest !== '') this.#output.writeNow(Buffer.from(rest));
    } catch {
      // Nobody is left to be told.
    }
  }

  #tryNow(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#pump();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isWriting || this.#retry !== undefined) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#pump();
    });
  }

  /** Writes the next piece, if there is one and none is under way. */
  #pump(): void {
    if (this.#isWriting || this.#retry !== undefined) return;
    while (this.#piece === undefined) {
      const next = this.#queue.shift();
      if (next === undefined) {
        this.#whenIdle?.();
        return;
      }
      if (next === REOPEN) this.#output.reopen();
      else {
        this.#piece = Buffer.from(next);
        this.#pieceLength = next.length;
      }
    }
    this.#isWriting = true;
    this.#output.write(this.#piece, (error, bytes) => this.#written(error, bytes));
  }

  #written(error: Error | null, bytes: number): void {
    this.#isWriting = false;
    // The process ends meanwhile.
    if (this.#isGone) return;
    if (error !== null) {
      this.#failed(error.message);
      return;
    }
    const piece = this.#piece as Buffer;
    if (bytes < piece.length) this.#piece = piece.subarray(bytes);
    else {
      this.#piece = undefined;
      this.#waiting -= this.#pieceLength;
      if (this.#failure !== undefined || (this.#lost > 0 && this.#waiting <= ROOM)) this.#tellGap();
    }
    this.#pump();
  }

  #tellGap(): void {
    const line = this.#troubles.gap(this.#lost, this.#failure ?? TOO_SLOW);
    this.#failure = undefined;
    this.#lost = 0;
    this.#append(line);
  }

  #failed(reason: string): void {
    if (!this.#output.mayRecover) {
      this.#isGone = true;
      this.#queue.length = 0;
      this.#piece = undefined;
    } else {
      if (this.#failure === undefined) this.#troubles.failed(reason);
      this.#failure = reason;
      this.#retry = setTimeout(() => this.#tryNow(), RETRY).unref();
    }
    this.#whenIdle?.();
  }
}
