import type { Handle, SkynetError } from '@skynet/core';
import { BACKLOG_MARK, type Connection, type ConnectionEntry, type Receiver } from '@skynet/core/transport';
import { gateError } from './errors.ts';
import type { FrameQueue } from './frame-queue.ts';
import type { Opening } from './opening.ts';
import type { ResolvedOptions } from './options.ts';

/** What a client needs of the gate it is connected to. */
export interface ClientHost {
  readonly handle: Handle;
  /** Something waits for the service: packets, or the end. */
  pending(client: Client): void;
  /** More waits to be sent than before, in KiB; 0: all has gone. */
  backlog(client: Client, kilobytes: number): void;
  /** The connection is over; its descriptor is free. */
  released(client: Client): void;
}

/**
 * `WAITING`: nothing is read. `OPEN`: packets go to the service. `LEFT`: the peer sends no more.
 * `CLOSED`: closed here, perhaps still sending.
 */
export const STATE = { WAITING: 0, OPEN: 1, LEFT: 2, CLOSED: 3 } as const;

/** Why nothing is read: too much waits for the service, it works on too much, or it said so. */
export const HOLD = { UNREAD: 1, BUSY: 2, SERVICE: 4 } as const;

/** What is or was with a client, in bits of one number: there may be very many of them. */
export const MARK = {
  /** Closed by the service: packets that are still here are dropped. */
  KICKED: 1,
  /** `connect` has to be called. */
  FRESH: 2,
  /** The service is about to look at this client. */
  SCHEDULED: 4,
  /** `error` has been told of the failure. */
  FAILURE_TOLD: 8,
  /** `disconnect` has to be called. */
  OVER: 16,
  /** `disconnect` was called. */
  TOLD: 32,
  /** A complete packet has come. */
  GREETED: 64,
  /** It hears of its connection. */
  BEGUN: 128,
  /** What is written is thrown away until it has read what waits. */
  DROPPING: 256,
} as const;

/** One connection of a gate: packets that wait for the service, bytes that wait for the client, and how it ends. */
export class Client implements Receiver, ConnectionEntry {
  readonly id: number;
  readonly connection: Connection;
  state: number = STATE.WAITING;
  /** Callbacks for packets that have not settled. */
  running = 0;
  /** What `error` has to be told. */
  failure: SkynetError | undefined = undefined;
  /** Milliseconds since something came, and since the client was accepted; counted by `Timeouts`. */
  silentFor = 0;
  acceptedFor = 0;
  /** Packets that came after it was closed here. */
  dropped = 0;
  received = 0;
  sent = 0;
  unread = 0;
  readonly #opening: Opening<ClientHost>;
  /** Lent while something waits, or a packet is incomplete. */
  #frames: FrameQueue | undefined = undefined;
  #marks: number = MARK.FRESH;
  #hold = 0;
  #warnAt = BACKLOG_MARK;

  constructor(id: number, connection: Connection, opening: Opening<ClientHost>) {
    this.id = id;
    this.connection = connection;
    this.#opening = opening;
  }

  get options(): ResolvedOptions {
    return this.#opening.options;
  }

  get owner(): Handle {
    return this.#opening.host.handle;
  }

  is(mark: number): boolean {
    return (this.#marks & mark) !== 0;
  }

  mark(mark: number): void {
    this.#marks |= mark;
  }

  unmark(mark: number): void {
    this.#marks &= ~mark;
  }

  /** Starts reading. */
  open(): void {
    if (this.state !== STATE.WAITING) return;
    this.state = STATE.OPEN;
    this.#begin();
    if (this.#hold !== 0) this.connection.pause();
  }

  // --- what comes in

  data(chunk: Uint8Array): void {
    if (this.state !== STATE.OPEN) return;
    const size = chunk.length;
    this.received += size;
    this.unread += size;
    this.silentFor = 0;
    this.#frames ??= this.#opening.lend();
    this.#frames.add(chunk);
    const isMuch = this.unread > this.options.pendingBytes;
    if (isMuch) this.hold(HOLD.UNREAD);
    if (!this.is(MARK.SCHEDULED) && (isMuch || this.#frames.isWaiting)) this.#opening.host.pending(this);
  }

  room(): Uint8Array | undefined {
    return this.state === STATE.OPEN ? this.#frames?.room() : undefined;
  }

  end(): void {
    if (this.state > STATE.OPEN) return;
    this.state = STATE.LEFT;
    this.mark(MARK.OVER);
    this.#opening.host.pending(this);
  }

  error(error: SkynetError): void {
    this.fail(error);
  }

  closed(): void {
    this.state = STATE.CLOSED;
    this.mark(MARK.OVER);
    this.#opening.host.released(this);
    this.#opening.host.pending(this);
  }

  /** The next packet. One above the limit ends the connection instead. */
  take(): Uint8Array | undefined {
    try {
      const frames = this.#frames;
      const frame = frames?.take();
      if (frame === undefined) {
        this.unread = 0;
        if (frames?.isAtRest === true) {
          this.#frames = undefined;
          this.#opening.giveBack(frames);
        }
        this.release(HOLD.UNREAD);
      } else {
        this.mark(MARK.GREETED);
        this.unread -= frame.length + this.options.header;
        if (this.unread <= this.options.pendingBytes >> 1) this.release(HOLD.UNREAD);
      }
      return frame;
    } catch (error) {
      this.fail(error as SkynetError);
      return undefined;
    }
  }

  /** Stops reading until every reason for it is gone. */
  hold(reason: number): void {
    if (this.#hold === 0 && this.state === STATE.OPEN) this.connection.pause();
    this.#hold |= reason;
  }

  release(reason: number): void {
    if ((this.#hold & reason) === 0) return;
    this.#hold &= ~reason;
    if (this.#hold === 0 && this.state === STATE.OPEN) this.connection.resume();
    if ((reason & HOLD.UNREAD) === 0 && !this.is(MARK.SCHEDULED)) this.#opening.host.pending(this);
  }

  /** Whether the service may get packets: it wants them, or no more will come. */
  get mayStart(): boolean {
    return (this.#hold & (HOLD.BUSY | HOLD.SERVICE)) === 0 || this.state !== STATE.OPEN;
  }

  started(): void {
    if (++this.running >= this.options.pendingFrames) this.hold(HOLD.BUSY);
  }

  settled(): void {
    if (--this.running <= this.options.pendingFrames >> 1) this.release(HOLD.BUSY);
  }

  // --- what goes out

  write(bytes: Uint8Array): boolean {
    if (!this.#writable()) return false;
    this.connection.write(bytes);
    this.#wrote(bytes.length);
    return true;
  }

  /** Writes a packet. @throws ERR_FRAME_TOO_LARGE. */
  send(payload: Uint8Array): boolean {
    const { header } = this.options;
    if (header === 2 && payload.length > 0xffff) {
      throw gateError('ERR_FRAME_TOO_LARGE', `Invalid size (too long) of data : ${payload.length}`, {
        details: { size: payload.length, limit: 0xffff },
      });
    }
    if (!this.#writable()) return false;
    this.connection.writeFrame(payload, header);
    this.#wrote(payload.length + header);
    return true;
  }

  #writable(): boolean {
    if (this.state === STATE.CLOSED || this.connection.closed) return false;
    if (this.is(MARK.DROPPING) && this.connection.pendingBytes === 0) this.unmark(MARK.DROPPING);
    return !this.is(MARK.DROPPING);
  }

  #wrote(size: number): void {
    this.sent += size;
    const pending = this.connection.pendingBytes;
    if (pending < this.#warnAt) return;
    if (pending > this.options.writeBacklog && this.options.slowReader !== 'keep') {
      if (this.options.slowReader === 'drop') this.mark(MARK.DROPPING);
      else {
        const text = `${pending} bytes wait for a slow reader, above the limit of ${this.options.writeBacklog}`;
        this.fail(
          gateError('ERR_GATE_BACKLOG', text, { details: { pending, limit: this.options.writeBacklog } }),
        );
        return;
      }
    }
    if (pending < BACKLOG_MARK) return;
    while (this.#warnAt <= pending) this.#warnAt *= 2;
    this.#opening.host.backlog(this, Math.ceil(pending / 1024));
  }

  drained(): void {
    if (this.#warnAt === BACKLOG_MARK) return;
    this.#warnAt = BACKLOG_MARK;
    this.#opening.host.backlog(this, 0);
  }

  // --- the end

  /** Ends the connection for a reason that the service is told; what waits to be sent is lost. */
  fail(error: SkynetError): void {
    if (this.failure !== undefined || this.is(MARK.TOLD) || this.state === STATE.CLOSED) return;
    this.failure = error;
    this.destroy();
    this.#opening.host.pending(this);
  }

  /** Sends what was written, then closes. */
  close(): void {
    if (this.connection.closed) return;
    this.state = STATE.CLOSED;
    this.#begin();
    this.connection.close();
  }

  destroy(): void {
    if (this.connection.closed) return;
    this.state = STATE.CLOSED;
    this.#begin();
    this.connection.destroy();
  }

  /** From now on this hears of the connection; without that nobody would hear of its end. */
  #begin(): void {
    if (this.is(MARK.BEGUN)) return;
    this.mark(MARK.BEGUN);
    this.connection.start(this);
  }
}
