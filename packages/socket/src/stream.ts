import { printable, type SkynetError } from '@skynet/core';
import { ReadBuffer } from '@skynet/core/channel';
import type { Suspension } from '@skynet/core/kernel';
import type { Connection, Receiver } from '@skynet/core/transport';
import { Backlog, type BacklogOwner, WARNING_MARK } from './backlog.ts';
import { decode } from './data.ts';
import type { Entry, EntryOwner, Register, SocketStat } from './entry.ts';
import { socketError } from './errors.ts';
import type { Settings } from './options.ts';
import { atEnd, type Reader, satisfy, type Want } from './reader.ts';
import { incompleteTail } from './text.ts';

/** Unread bytes above which the socket stops reading until somebody reads. */
const PAUSE_MARK = 128 * 1024;

/** Told of the unsent bytes, in KiB, 0 when everything is sent. */
export type WarningCallback = (id: number, kilobytes: number) => unknown;
/** Told that a socket ended, with the reason if it was not closed by either side. */
export type CloseCallback = (id: number, failure: SkynetError | undefined) => unknown;

/**
 * A connection with an id: what came in and was not read, what waits to go out, and who reads.
 *
 * ```
 * accepted ──start──▶ started ──peer ends──▶ half closed ──connection over──▶ dead
 *     ▲                 │  (any of them) ──close──▶ closed: out of the table, still sending
 *     └────abandon──────┘
 * ```
 */
export class Stream implements Entry, Receiver, BacklogOwner {
  readonly kind = 'stream';
  readonly id: number;
  owner: EntryOwner | undefined = undefined;
  failure: SkynetError | undefined = undefined;
  readonly #table: Register;
  readonly #connection: Connection;
  #settings: Settings;
  readonly #buffer: ReadBuffer = new ReadBuffer();
  /** Of a connection that has had one. */
  #backlog: Backlog | undefined = undefined;
  #reader: Reader | undefined = undefined;
  #started = false;
  #paused = false;
  /** The peer sends no more. */
  #eof = false;
  /** The connection is over. */
  #dead = false;
  /** Nothing more may be written. */
  #finishing = false;
  /** Closed by its service; out of the table. */
  #closed = false;
  #limit = 0;
  #warning: WarningCallback | undefined = undefined;
  #onClose: CloseCallback | undefined = undefined;
  #idle: NodeJS.Timeout | undefined = undefined;
  #lastActive = 0;
  #claim: NodeJS.Timeout | undefined = undefined;
  #read = 0;
  #written = 0;

  /** `id` is given for a socket that had one in another thread. */
  constructor(
    table: Register,
    connection: Connection,
    settings: Settings,
    id: number = table.thread.nextId(),
  ) {
    this.id = id;
    this.#table = table;
    this.#connection = connection;
    this.#settings = settings;
    table.add(this);
  }

  // --- state ------------------------------------------------------------------------------------------------------

  get ended(): boolean {
    return this.#eof;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get localAddress(): string {
    return this.#connection.localAddress;
  }

  /** Bytes that have not been sent. */
  get #unsent(): number {
    return this.#dead ? 0 : this.#connection.pendingBytes + (this.#backlog?.size ?? 0);
  }

  stat(): SocketStat {
    return {
      id: this.id,
      type: this.#closed ? 'CLOSING' : 'TCP',
      address: this.owner?.handle ?? 0,
      read: this.#read,
      write: this.#written,
      rbuffer: this.#buffer.size,
      wbuffer: this.#unsent,
      sock: this.localAddress,
      peer: this.remoteAddress,
    };
  }

  // --- ownership --------------------------------------------------------------------------------------------------

  /**
   * Makes the socket a service's and lets data flow to it.
   * @throws ERR_CONNECTION_CLOSED when nothing is left to read or write; the id is forgotten then.
   */
  start(owner: EntryOwner, settings: Settings): void {
    if (this.#dead && this.#buffer.size === 0) {
      this.destroy();
      throw socketError('ERR_CONNECTION_CLOSED', 'socket closed', { details: { id: this.id } });
    }
    this.#leave();
    this.#settings = settings;
    owner.take(this);
    if (this.#dead) return;
    if (settings.noDelay !== undefined) this.#connection.setNoDelay(settings.noDelay);
    if (settings.keepAlive !== undefined) this.#connection.setKeepAlive(settings.keepAlive);
    this.#watchIdle();
    if (this.#started) {
      if (this.#buffer.size <= PAUSE_MARK) this.#flow();
      return;
    }
    this.#started = true;
    this.#connection.start(this);
  }

  /** Leaves the socket to whoever starts it next. What was received and not read goes along. */
  abandon(): void {
    this.owner?.drop(this);
    this.#leave();
    this.awaitClaim();
    if (this.#dead) return;
    this.#paused = true;
    this.#connection.pause();
  }

  /** Gives the connection up to another thread, with what was received and not read; the id is forgotten here. */
  release(): { connection: Connection; unread: Uint8Array } {
    this.#connection.pause();
    this.#backlog?.flush();
    this.owner?.drop(this);
    this.#leave();
    this.#stopTimers();
    this.#closed = true;
    this.#table.remove(this, false);
    return { connection: this.#connection, unread: this.#buffer.take(this.#buffer.size) };
  }

  /** Takes over what another thread released: the bytes it had not read, and whatever comes before {@link start}. */
  adopt(unread: Uint8Array): void {
    this.#buffer.push(unread);
    this.#startForEnd();
    this.#paused = true;
  }

  /** Closes the socket unless a service starts it in time. */
  awaitClaim(): void {
    const { claimTimeout } = this.#settings;
    if (claimTimeout === 0) return;
    this.#claim = setTimeout(() => {
      const seconds = claimTimeout / 1000;
      this.#table.log(
        undefined,
        `socket: nobody started ${this.id} (${printable(this.remoteAddress)}) within ${seconds} s, closed`,
      );
      this.destroy(socketError('ERR_SOCKET_UNCLAIMED', 'nobody started the socket'));
    }, claimTimeout);
    this.#claim.unref();
  }

  /** The previous service has no part in it any more. */
  #leave(): void {
    clearTimeout(this.#claim);
    clearTimeout(this.#idle);
    this.#claim = undefined;
    this.#idle = undefined;
    this.#settle(emptyEnd);
    this.#limit = 0;
    this.#warning = undefined;
    this.#onClose = undefined;
  }

  // --- reading ----------------------------------------------------------------------------------------------------

  /**
   * Gives at once what is there, or lets the task wait.
   * @throws ERR_SOCKET_BUSY, ERR_SOCKET_OVERFLOW.
   */
  read(want: Want, suspend: () => Suspension<unknown>): unknown {
    const ready = satisfy(want, this.#buffer, this.#eof);
    if (ready !== undefined) return ready;
    if (this.#eof) return atEnd(want, this.#buffer, false);
    if (this.#reader !== undefined) {
      throw socketError('ERR_SOCKET_BUSY', `another task waits on socket ${this.id}`, {
        details: { id: this.id },
      });
    }
    const suspension = suspend();
    this.#reader = { want, suspension };
    if (this.#paused) {
      this.#table.log(this.owner, `Resume socket (${this.id})`);
      this.#flow();
    }
    return suspension.promise;
  }

  #settle(outcome: (want: Want) => unknown): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    reader.suspension.resolve(outcome(reader.want));
  }

  /** Lets the waiting task go, as at the end. Whether there was one. */
  interrupt(): boolean {
    if (this.#reader === undefined) return false;
    this.#settle((want) => atEnd(want, this.#buffer, true));
    return true;
  }

  /** Closes the connection when more than so many bytes lie unread while nobody asks for a number of bytes. */
  limit(bytes: number): void {
    this.#limit = bytes;
  }

  /** Stops reading until somebody waits. */
  pause(): void {
    if (this.#paused || this.#dead) return;
    this.#table.log(this.owner, `Pause socket (${this.id})`);
    this.#stopFlow();
  }

  #stopFlow(): void {
    this.#paused = true;
    this.#connection.pause();
  }

  #flow(): void {
    if (!this.#paused || this.#dead) return;
    this.#paused = false;
    this.#connection.resume();
  }

  data(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#read += chunk.length;
    this.#lastActive = performance.now();
    const want = this.#reader?.want;
    if (want?.kind === 'any' && this.#buffer.size === 0 && this.#passOn(chunk, want)) return;
    this.#buffer.push(chunk);
    const { size } = this.#buffer;
    if (this.#limit > 0 && size > this.#limit && want?.kind !== 'count') {
      this.#overflow(size);
      return;
    }
    if (want !== undefined) {
      const ready = satisfy(want, this.#buffer, this.#eof);
      if (ready === undefined) {
        if (size > this.#settings.readLimit) this.#overflow(size);
        return;
      }
      this.#settle(() => ready);
    }
    if (this.#buffer.size > PAUSE_MARK && !this.#paused) {
      this.#table.log(this.owner, `Pause socket (${this.id}) size : ${this.#buffer.size}`);
      this.#stopFlow();
    }
  }

  /** The usual case: a task waits for whatever comes. Text is made of the chunk itself, nothing is buffered. */
  #passOn(chunk: Uint8Array, want: Want & { kind: 'any' }): boolean {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const held = want.encoding === 'utf8' ? incompleteTail(bytes.subarray(-3)) : 0;
    if (held === bytes.length) return false;
    const whole = bytes.subarray(0, bytes.length - held);
    const data = want.encoding === 'bytes' ? Buffer.from(whole) : decode(whole, want.encoding);
    if (held > 0) this.#buffer.push(bytes.subarray(bytes.length - held));
    this.#settle(() => [data, undefined]);
    return true;
  }

  #overflow(size: number): void {
    this.#table.log(this.owner, `socket buffer overflow: fd=${this.id} size=${size}`);
    this.#cut(
      socketError('ERR_SOCKET_OVERFLOW', 'more bytes than the reader takes', {
        details: { id: this.id, size },
      }),
    );
  }

  // --- writing ----------------------------------------------------------------------------------------------------

  /** Whether bytes are still taken; closes the connection when too many wait. */
  accepts(): boolean {
    if (this.#finishing || this.#dead) return false;
    const size = this.#unsent;
    if (size <= this.#settings.writeLimit) return true;
    this.#table.log(
      this.owner,
      `socket: ${Math.ceil(size / 1024)} K bytes need to send out, over the limit, closed (fd = ${this.id})`,
    );
    this.#cut(
      socketError('ERR_SOCKET_BACKLOG', 'the peer takes too little', {
        details: { id: this.id, size },
      }),
    );
    return false;
  }

  /** Takes bytes, which must not change afterwards, to send. Only after {@link accepts}. */
  write(bytes: Uint8Array, low: boolean): void {
    this.#written += bytes.length;
    this.#lastActive = performance.now();
    if (low && this.#unsent > 0) this.#ownBacklog().add(bytes);
    else this.#connection.write(bytes);
    const unsent = this.#unsent;
    if (unsent >= WARNING_MARK) this.#ownBacklog().grown(unsent);
  }

  #ownBacklog(): Backlog {
    this.#backlog ??= new Backlog(this.#connection, this);
    return this.#backlog;
  }

  /** Called with the unsent KiB instead of the log line. */
  warning(callback: WarningCallback | undefined): void {
    this.#warning = callback;
  }

  warn(kb: number): void {
    if (this.#closed) return;
    if (this.#warning !== undefined && this.owner !== undefined) {
      this.owner.kernel.enqueue(this.#warning, this.id, kb);
    } else this.#table.log(this.owner, `WARNING: ${kb} K bytes need to send out (fd = ${this.id})`);
  }

  drained(): void {
    this.#lastActive = performance.now();
    this.#backlog?.drained();
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  /** Called once when either side closes, or the connection breaks. */
  onClose(callback: CloseCallback | undefined): void {
    this.#onClose = callback;
  }

  #reportClose(): void {
    const callback = this.#onClose;
    this.#onClose = undefined;
    if (callback !== undefined && this.owner !== undefined) {
      this.owner.kernel.enqueue(callback, this.id, this.failure);
    }
  }

  end(): void {
    if (this.#eof) return;
    this.#eof = true;
    this.interrupt();
    this.#reportClose();
  }

  error(error: SkynetError): void {
    if (this.#closed) return;
    this.failure ??= error;
    this.#table.log(this.owner, `socket: error on ${this.id} ${printable(error)}`);
  }

  closed(): void {
    this.#dead = true;
    this.#stopTimers();
    if (this.#closed) this.#table.gone(this);
    else this.end();
  }

  /** Sends what was written and closes the connection; the id stays until its service closes it. */
  hangUp(): void {
    if (this.#finishing || this.#dead) return;
    this.#finishing = true;
    // Nothing can come between any more, so low priority may go now.
    this.#backlog?.flush();
    this.#startForEnd();
    this.#connection.close(this.#settings.closeTimeout);
  }

  /** Closes the connection at once; the id stays until its service closes it. */
  shutdown(): void {
    this.#cut(undefined);
  }

  #cut(failure: SkynetError | undefined): void {
    this.failure ??= failure;
    this.#finishing = true;
    this.#backlog?.clear();
    if (this.#dead) return;
    this.#startForEnd();
    this.#connection.destroy();
  }

  /** Only a started connection tells that it is over. */
  #startForEnd(): void {
    if (this.#started) return;
    this.#started = true;
    this.#connection.start(this);
    this.#connection.pause();
  }

  close(): void {
    this.#forget(() => this.hangUp());
  }

  destroy(failure?: SkynetError): void {
    this.#forget(() => this.#cut(failure));
    if (!this.#dead) this.#cut(failure);
  }

  #forget(finish: () => void): void {
    if (this.#closed) return;
    this.interrupt();
    this.#reportClose();
    this.#closed = true;
    this.owner?.drop(this);
    this.#stopTimers();
    this.#buffer.clear();
    this.#table.remove(this, !this.#dead);
    finish();
  }

  #stopTimers(): void {
    clearTimeout(this.#claim);
    clearTimeout(this.#idle);
    this.#backlog?.stop();
  }

  #watchIdle(): void {
    const { idleTimeout } = this.#settings;
    if (idleTimeout === 0) return;
    this.#lastActive = performance.now();
    this.#idleIn(idleTimeout);
  }

  #idleIn(wait: number): void {
    this.#idle = setTimeout(() => {
      const left = this.#lastActive + this.#settings.idleTimeout - performance.now();
      if (left > 0) {
        this.#idleIn(Math.ceil(left));
        return;
      }
      const seconds = this.#settings.idleTimeout / 1000;
      this.#table.log(this.owner, `socket: ${this.id} was idle for ${seconds} s, closed`);
      this.#cut(socketError('ERR_SOCKET_IDLE', `idle for ${seconds} s`, { details: { id: this.id } }));
    }, wait);
    this.#idle.unref();
  }
}

/** What a reader gets when the socket goes to another service: an end without the bytes, which go along. */
function emptyEnd(want: Want): unknown {
  if (want.kind === 'block') return false;
  const nothing = decode(Buffer.alloc(0), want.encoding);
  return want.kind === 'all' ? undefined : [undefined, nothing];
}
