import type { SkynetError } from '@skynet/core';
import type { ServiceKernel, Suspension } from '@skynet/core/kernel';
import type { Connection, Receiver } from '@skynet/core/transport';
import { Refusal } from './refusal.ts';

/** Bytes of a client that may lie unread. */
const RECEIVE_LIMIT = 8192;
/** Milliseconds a client may take to receive its status line. */
const FLUSH_TIME = 5000;
/** With more than this behind a line nothing is read until it has been looked at. Stopping and going on costs system calls. */
const LITTLE = 1024;
/** Lines given at once: more than a client says before it hears something. */
const MOST_LINES = 4;
const LINE_BREAK = 0x0a;
const EMPTY = Buffer.alloc(0);

/** One connection of a login server: lines in and out, a limit for what lies unread, and a time limit for all of it. */
export class LineClient implements Receiver {
  readonly fd: number;
  readonly address: string;
  readonly #kernel: ServiceKernel;
  readonly #connection: Connection;
  readonly #gone: () => void;
  #timer: NodeJS.Timeout | undefined;
  #buffer: Buffer = EMPTY;
  #waiting: Suspension<readonly string[]> | undefined;
  #failure: Refusal | undefined;
  /** The peer sends no more. */
  #ended = false;
  /** The client's part is over: what still comes is thrown away. */
  #deaf = false;

  /** @param timeout Milliseconds until {@link finish} has to be called, 0 for ever. @param gone Called once, at the end. */
  constructor(kernel: ServiceKernel, connection: Connection, fd: number, timeout: number, gone: () => void) {
    this.#kernel = kernel;
    this.#connection = connection;
    this.fd = fd;
    this.address = connection.remoteAddress;
    this.#gone = gone;
    if (timeout > 0) {
      // Of the real clock: a client does not get faster with the node's.
      this.#timer = setTimeout(() => this.#fail(new Refusal('handshake timeout', undefined, true)), timeout);
    }
    connection.start(this);
  }

  /** Whether there is nobody left to write to. */
  get over(): boolean {
    return this.#connection.closed;
  }

  /** The next lines that have come, one at least, without their line breaks, one character a byte. @throws Refusal. */
  async readLines(): Promise<readonly string[]> {
    if (this.#failure !== undefined) throw this.#failure;
    const lines = this.#take();
    if (lines.length > 0) return lines;
    if (this.#buffer.length > RECEIVE_LIMIT) {
      this.#overflow(this.#buffer.length);
      throw this.#failure;
    }
    if (this.#ended || this.#connection.closed) throw this.#closedByPeer();
    this.#waiting = this.#kernel.suspend<readonly string[]>();
    this.#connection.resume();
    return await this.#waiting.promise;
  }

  /** Sends a line, or several with line breaks between them. */
  write(line: string): void {
    this.#connection.write(Buffer.from(`${line}\n`, 'latin1'));
  }

  /** The client has said all it has to say: nothing more is taken from it, and the clock stops. */
  finish(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#deaf = true;
    this.#buffer = EMPTY;
    this.#connection.resume();
  }

  /** Sends what was written, then closes. */
  close(): void {
    this.finish();
    this.#connection.close(FLUSH_TIME);
  }

  destroy(): void {
    this.finish();
    this.#connection.destroy();
  }

  data(chunk: Uint8Array): void {
    if (this.#deaf) return;
    const size = this.#buffer.length + chunk.length;
    // The little that lies behind the last line is looked at before it counts.
    if ((this.#waiting === undefined ? chunk.length : size) > RECEIVE_LIMIT) {
      this.#overflow(size);
      return;
    }
    const isFirst = this.#buffer.length === 0;
    // The chunk is ours until we return: only what is left of it is copied.
    this.#buffer = isFirst
      ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      : Buffer.concat([this.#buffer, chunk]);
    const waiting = this.#waiting;
    const lines = waiting === undefined ? [] : this.#take();
    if (isFirst) this.#buffer = this.#buffer.length === 0 ? EMPTY : Buffer.from(this.#buffer);
    if (waiting === undefined) this.#connection.pause();
    if (waiting === undefined || lines.length === 0) return;
    if (this.#buffer.length > LITTLE) this.#connection.pause();
    this.#waiting = undefined;
    waiting.resolve(lines);
  }

  end(): void {
    this.#ended = true;
    if (this.#waiting !== undefined) this.#fail(this.#closedByPeer());
  }

  drained(): void {}

  error(_error: SkynetError): void {}

  closed(): void {
    if (this.#waiting !== undefined) this.#fail(this.#closedByPeer());
    this.finish();
    this.#gone();
  }

  /** Takes complete lines out of the buffer. */
  #take(): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    while (lines.length < MOST_LINES) {
      const at = this.#buffer.indexOf(LINE_BREAK, start);
      if (at < 0) break;
      lines.push(this.#buffer.toString('latin1', start, at));
      start = at + 1;
    }
    if (start > 0) this.#buffer = this.#buffer.subarray(start);
    return lines;
  }

  #overflow(size: number): void {
    this.#fail(new Refusal(`socket buffer overflow: fd=${this.fd} size=${size}`, undefined, true));
  }

  #closedByPeer(): Refusal {
    return new Refusal('socket error', undefined, false);
  }

  #fail(refusal: Refusal): void {
    if (this.#failure !== undefined) return;
    this.#failure = refusal;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.destroy();
    waiting?.reject(refusal);
  }
}
