import { SkynetError } from '../../errors.ts';
import { printable } from '../../log/printable.ts';
import type { Flusher } from '../../transport/flusher.ts';
import { GatheredConnection } from '../../transport/gathered-connection.ts';
import type { OutBuffer } from '../../transport/out-buffer.ts';
import { wireError } from '../../transport/system-error.ts';
import type { Wire, WireOwner } from '../../transport/wire.ts';
import { CLOSE, closePayload, frameHead, frameOf, headSize, OP, writeHead } from './frame.ts';
import type { FrameEngine } from './frame-engine.ts';
import { type FrameReader, READ, type Violation } from './frame-reader.ts';

const CLEAN: ReadonlySet<number> = new Set([CLOSE.NORMAL, CLOSE.GOING_AWAY, CLOSE.NO_CODE]);
/** Bytes of the largest message sent; the original's server takes no more than 256 KiB. */
const MESSAGE = 1 << 16;
/** How long the peer may take to part when everything is said, in milliseconds. */
const FAREWELL = 2000;
/** Bytes a peer may send that has heard, or said, the last word: as many as may have been under way. */
const MAX_THROWN_AWAY = 1 << 24;
/** Bytes of pongs that may wait for a peer that does not read. */
const MAX_PONGS = 1 << 16;
const NOTHING = new Uint8Array(0);

/** Bits of the state, beside those of every connection. */
const F = {
  READING: 1,
  /** `close` was called: once all is sent, a close frame follows. */
  CLOSING: 2,
  /** The empty message that stands for the end of one direction. */
  END_SENT: 4,
  END_RECEIVED: 8,
  CLOSE_SENT: 16,
  CLOSE_RECEIVED: 32,
  /** The socket is being told that no more comes, and has been told. */
  SHUT: 64,
  SHUT_DONE: 128,
  /** The peer's socket has ended. */
  WIRE_ENDED: 256,
  /** Nothing can be sent any more. */
  BROKEN: 512,
  /** What else comes is thrown away: the peer's last word has been heard. */
  DEAF: 1024,
} as const;

/** Pongs that wait until those before them have left. */
interface Pongs {
  frames: Uint8Array[];
  bytes: number;
  areUnderWay: boolean;
}

/** Why the peer is told to go. */
interface Refusal {
  readonly code: number;
  readonly reason: string;
}

/**
 * The server's end of a stream of bytes in binary messages. What was written in one turn is one message, if it is not
 * large. WebSocket knows no end of one direction alone, so an empty message stands for it; a close frame ends both.
 */
export class FrameConnection extends GatheredConnection implements WireOwner {
  readonly remoteAddress: string;
  readonly #engine: FrameEngine;
  readonly #wire: Wire;
  #flags = 0;
  /** Lent while something in its frames is incomplete. */
  #reader: FrameReader | undefined = undefined;
  /** What came with the request. */
  #early: Uint8Array | undefined;
  #refusal: Refusal | undefined = undefined;
  #thrownAway = 0;
  /** There if some are to be sent, or on their way. */
  #pongs: Pongs | undefined = undefined;

  /**
   * @param answer Of the handshake, to be sent first.
   * @param early Bytes that came behind the request.
   */
  constructor(wire: Wire, engine: FrameEngine, remoteAddress: string, answer: Uint8Array, early: Uint8Array) {
    super();
    this.#wire = wire;
    this.#engine = engine;
    this.remoteAddress = remoteAddress;
    this.#early = early.length === 0 ? undefined : early;
    wire.open(this);
    wire.write(answer, () => {});
  }

  protected override get flusher(): Flusher {
    return this.#engine.flusher;
  }

  get localAddress(): string {
    return this.#wire.localAddress;
  }

  #is(flags: number): boolean {
    return (this.#flags & flags) !== 0;
  }

  // --- in

  protected override read(on: boolean): void {
    if (on) this.#flags |= F.READING;
    else this.#flags &= ~F.READING;
    if (on && this.#early !== undefined) setImmediate(() => this.#readEarly());
    else this.#wire.read(on);
  }

  #readEarly(): void {
    const early = this.#early;
    if (early === undefined || !this.#is(F.READING)) return;
    this.#early = undefined;
    try {
      this.bytesCame(early);
    } finally {
      if (this.#is(F.READING) && !this.#is(F.BROKEN)) this.#wire.read(true);
    }
  }

  bytesCame(chunk: Uint8Array): void {
    if (this.#is(F.DEAF)) {
      this.#thrownAway += chunk.length;
      if (this.#thrownAway > MAX_THROWN_AWAY && !this.#is(F.BROKEN)) this.#closeWire();
      return;
    }
    this.#reader ??= this.#engine.lend();
    this.#reader.feed(chunk);
    this.#takeAll(this.#reader);
  }

  #takeAll(reader: FrameReader): void {
    let done = false;
    try {
      while (!done) done = this.#takeNext(reader);
    } finally {
      // A receiver threw; what came behind is not to be lost for that.
      if (!done) this.#takeAll(reader);
    }
    if (this.#pongs?.areUnderWay === false) this.#sendPongs(this.#pongs);
  }

  /** Whether that was all. */
  #takeNext(reader: FrameReader): boolean {
    switch (reader.next()) {
      case READ.NOTHING:
        if (reader.atRest) {
          this.#reader = undefined;
          this.#engine.giveBack(reader);
        }
        return true;
      case READ.BINARY:
        this.#message(reader);
        return false;
      case READ.TEXT:
        this.#refuse({ code: CLOSE.NOT_BINARY, reason: 'binary messages only' }, () =>
          this.#reset('the peer sent a text message', CLOSE.NOT_BINARY),
        );
        return this.#is(F.DEAF);
      case READ.PING:
        this.#pong(reader.bytes.subarray(reader.start, reader.end));
        return this.#is(F.DEAF);
      case READ.PONG:
        return false;
      case READ.CLOSE:
        this.#closeCame(reader.code, reader.bytes.slice(reader.start, reader.end));
        return true;
      default:
        this.#violated(reader.violation as Violation);
        return true;
    }
  }

  #message({ bytes, start, end }: FrameReader): void {
    if (this.closed || this.#is(F.END_RECEIVED)) return;
    if (end > start) {
      this.received(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
      return;
    }
    this.#flags |= F.END_RECEIVED;
    this.peerEnded();
  }

  #pong(payload: Uint8Array): void {
    if (this.closed || this.#is(F.CLOSE_SENT)) return;
    const frame = frameOf(OP.PONG, payload);
    this.#pongs ??= { frames: [], bytes: 0, areUnderWay: false };
    const pongs = this.#pongs;
    pongs.frames.push(frame);
    pongs.bytes += frame.length;
    if (!pongs.areUnderWay || pongs.bytes <= MAX_PONGS) return;
    this.#refuse({ code: CLOSE.POLICY, reason: '' }, () =>
      this.#reset('the peer pings and does not read the answers', CLOSE.POLICY),
    );
  }

  #sendPongs(pongs: Pongs): void {
    const { frames } = pongs;
    if (frames.length === 0 || this.closed || this.#is(F.CLOSE_SENT | F.BROKEN)) {
      this.#pongs = undefined;
      return;
    }
    pongs.frames = [];
    pongs.bytes = 0;
    const bytes = frames.length === 1 ? (frames[0] as Uint8Array) : Buffer.concat(frames);
    pongs.areUnderWay = !this.#wire.write(bytes, () => {
      pongs.areUnderWay = false;
      this.#sendPongs(pongs);
    });
    if (!pongs.areUnderWay) this.#pongs = undefined;
  }

  /** The peer has broken the rules. */
  #violated({ closeCode, reason, text }: Violation): void {
    const code = closeCode === CLOSE.TOO_LARGE ? 'ERR_FRAME_TOO_LARGE' : 'ERR_CONNECTION_RESET';
    const details = { address: this.remoteAddress, reason };
    this.#refuse(
      { code: closeCode, reason: '' },
      () => new SkynetError(code, `WebSocket: ${text}`, { details }),
    );
  }

  /** Ends the connection, and tells the peer why. */
  #refuse(refusal: Refusal, error: () => SkynetError): void {
    this.#deafen();
    if (this.closed) {
      // It was parting already, and has nothing more to say.
      this.#shutWire();
      return;
    }
    this.#refusal = refusal;
    this.fail(error());
  }

  #closeCame(code: number, reason: Uint8Array): void {
    this.#flags |= F.CLOSE_RECEIVED;
    this.#deafen();
    // What was written before it is sent, as far as the peer has taken what came before.
    if (!this.closed) this.flush();
    if (!this.#is(F.CLOSE_SENT)) this.#sendClose(code, reason);
    if (this.closed) this.#shutWire();
    else if (CLEAN.has(code)) this.#ended();
    else {
      this.fail(this.#reset(`closed by the peer with ${code} ${printable(reason)}`.trim(), code));
    }
  }

  #deafen(): void {
    this.#flags |= F.DEAF;
    this.#reader = undefined;
    this.#early = undefined;
  }

  /** Both directions have. */
  #ended(): void {
    try {
      this.peerEnded();
    } finally {
      this.destroy();
    }
  }

  wireEnded(): void {
    this.#flags |= F.WIRE_ENDED;
    this.#deafen();
    if (!this.closed) {
      this.flush();
      this.#ended();
    } else if (this.#is(F.SHUT_DONE)) this.#closeWire();
    else this.#shutWire();
  }

  wireBroke(error: number | NodeJS.ErrnoException): void {
    if (this.#is(F.BROKEN)) return;
    this.#flags |= F.BROKEN;
    this.#deafen();
    if (this.closed) this.#closeWire();
    else this.fail(wireError(error, this.remoteAddress));
  }

  wireClosed(): void {
    this.#flags |= F.BROKEN;
    try {
      if (!this.closed) this.peerEnded();
    } finally {
      this.over();
    }
  }

  #reset(text: string, code: number): SkynetError {
    return new SkynetError('ERR_CONNECTION_RESET', `WebSocket: ${text}`, {
      details: { address: this.remoteAddress, code },
    });
  }

  // --- out

  protected override send(buffer: OutBuffer): boolean {
    // A peer that has heard the last word takes no more.
    if (this.#is(F.CLOSE_SENT | F.BROKEN)) return true;
    const { length } = buffer;
    const head = headSize(length);
    const message = buffer.behind(head);
    if (message !== undefined) {
      writeHead(message, 0, OP.BINARY, length);
      return this.#wire.write(message, () => this.sent());
    }
    const frames: Uint8Array[] = [];
    for (const piece of buffer.pieces()) {
      const bytes = piece as Uint8Array;
      for (let at = 0; at < bytes.length; at += MESSAGE) {
        const part = bytes.length <= MESSAGE ? bytes : bytes.subarray(at, at + MESSAGE);
        frames.push(frameHead(OP.BINARY, part.length), part);
      }
    }
    return this.#wire.write(frames, () => this.sent());
  }

  #sendClose(code: number, reason: Uint8Array): void {
    if (this.#is(F.CLOSE_SENT | F.BROKEN | F.SHUT)) return;
    this.#flags |= F.CLOSE_SENT;
    this.#wire.write(frameOf(OP.CLOSE, closePayload(code, reason)), () => {});
  }

  override close(timeout?: number): void {
    this.#flags |= F.CLOSING;
    super.close(timeout);
  }

  protected override shut(): void {
    if (this.#is(F.CLOSING)) {
      this.#sendClose(CLOSE.NORMAL, NOTHING);
      return;
    }
    this.#flags |= F.END_SENT;
    if (this.#wire.write(frameOf(OP.BINARY, NOTHING), () => this.shutDone())) this.shutDone();
  }

  #shutWire(): void {
    if (this.#is(F.SHUT | F.BROKEN)) return;
    this.#flags |= F.SHUT;
    this.#wire.shut(() => {
      this.#flags |= F.SHUT_DONE;
      if (this.#is(F.WIRE_ENDED)) this.#closeWire();
    });
  }

  #closeWire(): void {
    this.#flags |= F.BROKEN;
    this.#wire.close();
  }

  // --- over

  protected override release(): void {
    this.#pongs = undefined;
    if (this.#is(F.BROKEN)) {
      this.#wire.close();
      return;
    }
    // Bytes that came and were never read: the peer has to know, as with a socket of the system.
    const unread = !this.#is(F.READING | F.DEAF) && (this.#early !== undefined || this.#wire.unread);
    if (unread && this.#wire.encrypted)
      this.#refusal ??= { code: CLOSE.ABANDONED, reason: 'bytes were not read' };
    if (this.#mayPart()) this.#part();
    else if (unread) this.#wire.reset();
    else this.#closeWire();
  }

  /** Whether there is time for last words: all was said, or the peer should learn why it has to go. */
  #mayPart(): boolean {
    if (this.#refusal !== undefined || this.#is(F.CLOSE_RECEIVED | F.WIRE_ENDED)) return true;
    if (this.#is(F.CLOSE_SENT) || this.pendingBytes > 0) return false;
    return this.#is(F.CLOSING) || (this.#is(F.END_SENT) && this.#is(F.END_RECEIVED));
  }

  #part(): void {
    const { code, reason } = this.#refusal ?? { code: CLOSE.NORMAL, reason: '' };
    if (!this.#is(F.WIRE_ENDED)) this.#sendClose(code, Buffer.from(reason));
    if (this.#refusal !== undefined || this.#is(F.CLOSE_RECEIVED | F.WIRE_ENDED)) this.#shutWire();
    // Until the peer has closed, too: bytes that lie unread in the system would make it lose what was sent.
    if (!this.#is(F.WIRE_ENDED | F.READING)) this.#wire.read(true);
    this.timer = setTimeout(() => this.#closeWire(), FAREWELL);
    this.timer.unref();
  }

  override setNoDelay(on: boolean): void {
    if (!this.closed) this.#wire.setNoDelay(on);
  }

  override setKeepAlive(milliseconds: number): void {
    if (!this.closed) this.#wire.setKeepAlive(milliseconds);
  }
}
