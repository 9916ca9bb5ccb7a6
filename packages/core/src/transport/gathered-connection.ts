import type { SkynetError } from '../errors.ts';
import { BACKLOG_MARK, type Connection, type Receiver } from './contract.ts';
import type { Flusher } from './flusher.ts';
import type { OutBuffer } from './out-buffer.ts';
import { checkBytes, checkFrame } from './payload.ts';

const CLOSE_TIMEOUT = 10_000;
const NOTHING = new Uint8Array(0);

/** Bits of the state. */
const S = {
  /** Reading, as far as the receiver goes. */
  READING: 1,
  /** Waits for the flusher. */
  DIRTY: 2,
  /** Stood above the backlog mark. */
  BACKED_UP: 4,
  /** Takes no more writes. */
  ENDING: 8,
  /** The peer is being told that no more comes, and has been told. */
  SHUT: 16,
  SHUT_DONE: 32,
  /** The peer sends no more, and the receiver knows. */
  PEER_ENDED: 64,
  END_TOLD: 128,
  /** Closes when everything is sent; what comes is thrown away. */
  CLOSING: 256,
  /** Everything is given back, and the receiver knows. */
  OVER: 512,
  CLOSED_TOLD: 1024,
  CLOSED: 2048,
} as const;

/**
 * What all connections have in common: writes are gathered until the flusher comes, one send is under way at a time,
 * and the two directions end on their own.
 *
 * ```
 * write ──> gathered ──flush──> sending ──> system     end()       ENDING ──(nothing pending)──> SHUT ──> SHUT_DONE
 *           └──────── pendingBytes ───────┘            peer ended  PEER_ENDED ──> receiver.end()
 * both ended, or close() and SHUT_DONE, or destroy(), or an error ──> release ──> over ──> receiver.closed()
 * ```
 *
 * A subclass moves the bytes: it implements `read`, `send`, `shut` and `release`, and calls `received`, `sent`,
 * `shutDone`, `peerEnded`, `fail` and `over`.
 */
export abstract class GatheredConnection implements Connection {
  abstract remoteAddress: string;
  abstract readonly localAddress: string;
  /** Called when everything is given back, before the receiver hears of it. */
  onOver: (() => void) | undefined = undefined;
  protected receiver: Receiver | undefined = undefined;
  /** Limits how long the end may take. */
  protected timer: NodeJS.Timeout | undefined = undefined;
  #state = 0;
  #gathered: OutBuffer | undefined = undefined;
  #sending: OutBuffer | undefined = undefined;
  /** Bytes that come before all others; empty while they are being passed on. */
  #unread: Uint8Array | undefined = undefined;

  protected abstract get flusher(): Flusher;
  /** Starts or stops reading. */
  protected abstract read(on: boolean): void;
  /** Sends it. Whether it is done; otherwise `sent` or `fail` follows. */
  protected abstract send(buffer: OutBuffer): boolean;
  /** Tells the peer that no more comes, after what was sent. `shutDone` or `fail` follows. */
  protected abstract shut(): void;
  /** Gives the resources back; `over` follows. */
  protected abstract release(): void;
  abstract setNoDelay(on: boolean): void;
  abstract setKeepAlive(milliseconds: number): void;

  get closed(): boolean {
    return (this.#state & S.CLOSED) !== 0;
  }

  get pendingBytes(): number {
    return (this.#gathered?.length ?? 0) + (this.#sending?.length ?? 0);
  }

  // --- in

  start(receiver: Receiver): void {
    if (receiver !== this.receiver) this.#state &= ~(S.END_TOLD | S.CLOSED_TOLD);
    this.receiver = receiver;
    if (this.closed) {
      if ((this.#state & S.OVER) !== 0) setImmediate(() => this.#tellClosed());
      return;
    }
    if ((this.#state & S.PEER_ENDED) !== 0) setImmediate(() => this.#tellEnd());
    this.resume();
  }

  pause(): void {
    if ((this.#state & (S.READING | S.CLOSING)) !== S.READING) return;
    this.#state &= ~S.READING;
    if (!this.closed) this.read(false);
  }

  resume(): void {
    if (this.closed || this.receiver === undefined || (this.#state & S.READING) !== 0) return;
    this.#state |= S.READING;
    if (this.#unread !== undefined) setImmediate(() => this.#passUnread());
    else if ((this.#state & S.PEER_ENDED) === 0) this.read(true);
  }

  /** Puts back bytes that were received: the next receiver gets them first. To be called when it is paused. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#unread = bytes;
  }

  #passUnread(): void {
    const bytes = this.#unread;
    if (bytes === undefined || this.closed || (this.#state & S.READING) === 0) return;
    this.#unread = NOTHING;
    try {
      if (bytes.length > 0) this.received(bytes);
    } finally {
      // It may have paused meanwhile; then the next resume comes here again.
      if (!this.closed && (this.#state & S.READING) !== 0 && this.#unread !== undefined) {
        this.#unread = undefined;
        if ((this.#state & S.PEER_ENDED) === 0) this.read(true);
      }
    }
  }

  /** Bytes came. */
  protected received(chunk: Uint8Array): void {
    if ((this.#state & S.CLOSING) === 0) this.receiver?.data(chunk);
  }

  /** Where the receiver wants to have the next bytes, if it cares. */
  protected get room(): Uint8Array | undefined {
    return (this.#state & (S.CLOSED | S.CLOSING)) === 0 ? this.receiver?.room?.() : undefined;
  }

  /** The peer sends no more. */
  protected peerEnded(): void {
    if (this.closed || (this.#state & S.PEER_ENDED) !== 0) return;
    this.#state |= S.PEER_ENDED;
    try {
      this.#tellEnd();
    } finally {
      this.#closeWhenBothEnded();
    }
  }

  #tellEnd(): void {
    if (this.receiver === undefined || this.closed || (this.#state & (S.END_TOLD | S.CLOSING)) !== 0) return;
    this.#state |= S.END_TOLD;
    this.receiver.end();
  }

  // --- out

  write(bytes: Uint8Array): void {
    checkBytes(bytes);
    if (bytes.length === 0 || (this.#state & (S.CLOSED | S.ENDING)) !== 0) return;
    const buffer = this.#gathered ?? this.#gather();
    buffer.add(bytes);
    this.#written(buffer);
  }

  writeFrame(payload: Uint8Array, header: 2 | 4): void {
    checkFrame(payload, header);
    if ((this.#state & (S.CLOSED | S.ENDING)) !== 0) return;
    const buffer = this.#gathered ?? this.#gather();
    buffer.addFrame(payload, header);
    this.#written(buffer);
  }

  #gather(): OutBuffer {
    this.#gathered = this.flusher.lend();
    return this.#gathered;
  }

  #written(buffer: OutBuffer): void {
    const sending = this.#sending;
    if (sending === undefined) this.#flushLater();
    if (buffer.length + (sending?.length ?? 0) > BACKLOG_MARK) this.#state |= S.BACKED_UP;
  }

  #flushLater(): void {
    if ((this.#state & S.DIRTY) !== 0) return;
    this.#state |= S.DIRTY;
    this.flusher.add(this);
  }

  /** Called by the flusher: sends what was gathered. */
  flush(): void {
    this.#state &= ~S.DIRTY;
    if (this.closed || this.#sending !== undefined) return;
    const buffer = this.#gathered;
    if (buffer !== undefined) {
      this.#gathered = undefined;
      if (!this.send(buffer)) {
        if (!this.closed) this.#sending = buffer;
        return;
      }
      this.flusher.giveBack(buffer);
    }
    this.#nothingPending();
  }

  /** The send that was under way is done. */
  protected sent(): void {
    const buffer = this.#sending;
    if (buffer === undefined) return;
    this.#sending = undefined;
    this.flusher.giveBack(buffer);
    this.flush();
  }

  #nothingPending(): void {
    if ((this.#state & (S.BACKED_UP | S.CLOSING)) === S.BACKED_UP) {
      this.#state &= ~S.BACKED_UP;
      this.receiver?.drained();
    }
    if ((this.#state & (S.ENDING | S.SHUT)) !== S.ENDING || this.closed || this.#gathered !== undefined)
      return;
    this.#state |= S.SHUT;
    this.shut();
  }

  /** The peer has been told that no more comes. */
  protected shutDone(): void {
    if (this.closed) return;
    this.#state |= S.SHUT_DONE;
    if ((this.#state & S.CLOSING) !== 0) this.destroy();
    else this.#closeWhenBothEnded();
  }

  end(): void {
    if ((this.#state & (S.CLOSED | S.ENDING)) !== 0) return;
    this.#state |= S.ENDING;
    this.#flushLater();
  }

  // --- over

  #closeWhenBothEnded(): void {
    if ((this.#state & (S.PEER_ENDED | S.SHUT_DONE)) === (S.PEER_ENDED | S.SHUT_DONE)) this.destroy();
  }

  close(timeout: number = CLOSE_TIMEOUT): void {
    if ((this.#state & (S.CLOSED | S.CLOSING)) !== 0) return;
    this.#state |= S.CLOSING;
    if ((this.#state & S.SHUT_DONE) !== 0) {
      this.destroy();
      return;
    }
    // Bytes that lie unread in the system when it closes would make it reset the connection, and lose what was sent.
    if ((this.#state & S.PEER_ENDED) === 0 && ((this.#state & S.READING) === 0 || this.#unread !== undefined))
      this.read(true);
    this.#unread = undefined;
    this.timer = setTimeout(() => this.destroy(), timeout);
    this.timer.unref();
    this.end();
  }

  destroy(): void {
    if (this.closed) return;
    this.#state |= S.CLOSED;
    this.#noTimer();
    this.#gathered = undefined;
    this.release();
  }

  /** It broke. */
  protected fail(error: SkynetError): void {
    if (this.closed) return;
    try {
      if ((this.#state & S.CLOSING) === 0) this.receiver?.error(error);
    } finally {
      this.destroy();
    }
  }

  /** Everything is given back. */
  protected over(): void {
    if ((this.#state & S.OVER) !== 0) return;
    this.#state |= S.OVER | S.CLOSED;
    this.#noTimer();
    this.#sending = undefined;
    this.#gathered = undefined;
    this.onOver?.();
    this.#tellClosed();
  }

  #noTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  #tellClosed(): void {
    if (this.receiver === undefined || (this.#state & S.CLOSED_TOLD) !== 0) return;
    this.#state |= S.CLOSED_TOLD;
    this.receiver.closed();
  }
}
