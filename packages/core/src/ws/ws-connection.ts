import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';
import type { Flusher } from '../transport/flusher.ts';
import { GatheredConnection } from '../transport/gathered-connection.ts';
import type { OutBuffer } from '../transport/out-buffer.ts';
import { systemError } from '../transport/system-error.ts';
import { CLOSE } from './frames/frame.ts';

const CLEAN: ReadonlySet<number> = new Set([CLOSE.NORMAL, CLOSE.GOING_AWAY, CLOSE.NO_CODE, CLOSE.NO_FRAME]);
/** Bytes of the largest message sent; the original's server takes no more than 256 KiB. */
const MESSAGE = 1 << 16;
/** How long the peer may take to answer a close frame when everything is said, in milliseconds. */
const FAREWELL = 2000;
const OPEN = 1;
const CLOSED = 3;
const NOTHING = new Uint8Array(0);

/**
 * The same as the server's {@link FrameConnection}, over the library: the client's end, and the server's where messages
 * are compressed. A stream of bytes in binary messages. What was written in one turn is one message, if it is not large. WebSocket
 * knows no end of one direction alone, so an empty message stands for it; a close frame ends both.
 */
export class WsConnection extends GatheredConnection {
  readonly remoteAddress: string;
  readonly localAddress: string;
  protected readonly flusher: Flusher;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  /** `close` was called: once all is sent, a close frame follows. */
  #closing = false;
  #endSent = false;
  #endReceived = false;
  #reading = false;
  /** Why the peer is told to go. */
  #refusal: { code: number; reason: string } | undefined;

  /** `ws` must be open and paused. */
  constructor(ws: WebSocket, socket: Socket, flusher: Flusher, remoteAddress: string, localAddress: string) {
    super();
    this.flusher = flusher;
    this.#ws = ws;
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
    ws.on('message', (data: Uint8Array, isBinary: boolean) => this.#message(data, isBinary));
    ws.on('error', (error: NodeJS.ErrnoException) => this.#broken(error));
    ws.on('close', (code: number, reason: Uint8Array) => this.#ended(code, reason));
    // The library keeps this one to itself.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.fail(systemError('ERR_CONNECTION_RESET', error, remoteAddress)),
    );
  }

  #message(data: Uint8Array, isBinary: boolean): void {
    if (this.closed || this.#endReceived) return;
    if (!isBinary) {
      this.#refusal = { code: CLOSE.NOT_BINARY, reason: 'binary messages only' };
      this.fail(this.#reset('the peer sent a text message', CLOSE.NOT_BINARY));
    } else if (data.length > 0) this.received(data);
    else {
      this.#endReceived = true;
      this.peerEnded();
    }
  }

  /** The peer broke the rules of WebSocket, or sent too much; the library has told it so. */
  #broken(error: NodeJS.ErrnoException): void {
    this.#refusal = { code: CLOSE.NORMAL, reason: '' };
    const details = { address: this.remoteAddress, reason: error.code };
    const code =
      error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'ERR_FRAME_TOO_LARGE' : 'ERR_CONNECTION_RESET';
    this.fail(new SkynetError(code, `WebSocket: ${error.message}`, { cause: error, details }));
  }

  #ended(code: number, reason: Uint8Array): void {
    try {
      if (this.closed) return;
      if (CLEAN.has(code)) this.peerEnded();
      else this.fail(this.#reset(`closed by the peer with ${code} ${printable(reason)}`.trim(), code));
    } finally {
      this.over();
    }
  }

  #reset(text: string, code: number): SkynetError {
    return new SkynetError('ERR_CONNECTION_RESET', `WebSocket: ${text}`, {
      details: { address: this.remoteAddress, code },
    });
  }

  protected override read(on: boolean): void {
    this.#reading = on;
    if (on) this.#ws.resume();
    else this.#ws.pause();
  }

  protected override send(buffer: OutBuffer): boolean {
    const pieces = buffer.pieces();
    // A failure comes as an event, too.
    const done = (error?: Error | null): void => {
      if (!error) this.sent();
    };
    this.#socket.cork();
    if (Array.isArray(pieces)) {
      const last = pieces.length - 1;
      for (let i = 0; i < last; i++) this.#sendPiece(pieces[i] as Uint8Array);
      this.#sendPiece(pieces[last] as Uint8Array, done);
    } else this.#sendPiece(pieces, done);
    this.#socket.uncork();
    return false;
  }

  #sendPiece(piece: Uint8Array, done?: (error?: Error | null) => void): void {
    let at = 0;
    for (; piece.length - at > MESSAGE; at += MESSAGE) this.#ws.send(piece.subarray(at, at + MESSAGE));
    this.#ws.send(at === 0 ? piece : piece.subarray(at), done);
  }

  override close(timeout?: number): void {
    this.#closing = true;
    super.close(timeout);
  }

  protected override shut(): void {
    if (this.#closing) {
      this.#ws.close(CLOSE.NORMAL);
      return;
    }
    this.#endSent = true;
    this.#ws.send(NOTHING, { binary: true }, (error?: Error | null) => {
      if (!error) this.shutDone();
    });
  }

  protected override release(): void {
    const ws = this.#ws;
    if (ws.readyState === CLOSED) return;
    // Bytes that came and were never read: the peer has to know, as with a socket of the system.
    const unread = !this.#reading && this.#socket.readableLength > 0;
    const encrypted = 'encrypted' in this.#socket;
    if (unread && encrypted) this.#refusal ??= { code: CLOSE.ABANDONED, reason: 'bytes were not read' };
    if (this.#mayPart()) {
      if (ws.readyState === OPEN) ws.close(this.#refusal?.code ?? CLOSE.NORMAL, this.#refusal?.reason);
      ws.resume();
      this.timer = setTimeout(() => ws.terminate(), FAREWELL);
      this.timer.unref();
      return;
    }
    if (unread) this.#socket.resetAndDestroy();
    else ws.terminate();
  }

  /** Whether there is time for close frames: all was said, or the peer should learn why it has to go. */
  #mayPart(): boolean {
    if (this.#refusal !== undefined) return true;
    if (this.#ws.readyState !== OPEN || this.#ws.bufferedAmount > 0) return false;
    return this.#closing || (this.#endSent && this.#endReceived);
  }

  override setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  override setKeepAlive(milliseconds: number): void {
    this.#socket.setKeepAlive(milliseconds > 0, milliseconds);
  }
}
