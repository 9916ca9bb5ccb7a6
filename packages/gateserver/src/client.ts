import type { Handle, SkynetError } from '@skynet/core';
import { BACKLOG_MARK, type Connection, type ConnectionEntry, type Receiver } from '@skynet/core/transport';
import { gateError } from './errors.ts';
import { FrameQueue } from './frame-queue.ts';
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

/** One connection of a gate: packets that wait for the service, bytes that wait for the client, and how it ends. */
export class Client implements Receiver, ConnectionEntry {
  readonly id: number;
  readonly connection: Connection;
  readonly options: ResolvedOptions;
  state: number = STATE.WAITING;
  /** Closed by the service: packets that are still here are dropped. */
  kicked = false;
  /** `connect` has to be called. */
  fresh = true;
  /** The service is about to look at this client. */
  scheduled = false;
  /** Callbacks for packets that have not settled. */
  running = 0;
  /** What `error` has to be told. */
  failure: SkynetError | undefined = undefined;
  failureTold = false;
  /** `disconnect` has to be called. */
  over = false;
  /** `disconnect` was called. */
  told = false;
  /** Milliseconds since something came, and since the client was accepted; counted by `Timeouts`. */
  silentFor = 0;
  acceptedFor = 0;
  /** A complete packet has come. */
  greeted = false;
  /** Packets that came after it was closed here. */
  dropped = 0;
  received = 0;
  sent = 0;
  unread = 0;
  readonly #host: ClientHost;
  /** Made when something comes. */
  #frames: FrameQueue | undefined;
  #begun = false;
  #hold = 0;
  #warnAt = BACKLOG_MARK;
  #dropping = false;

  constructor(id: number, connection: Connection, host: ClientHost, options: ResolvedOptions) {
    this.id = id;
    this.connection = connection;
    this.#host = host;
    this.options = options;
  }

  get owner(): Handle {
    return this.#host.handle;
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
    this.#frames ??= new FrameQueue(this.options.header, this.options.maxFrame);
    this.#frames.add(chunk);
    const isMuch = this.unread > this.options.pendingBytes;
    if (isMuch) this.hold(HOLD.UNREAD);
    if (!this.scheduled && (isMuch || this.#frames.isWaiting)) this.#host.pending(this);
  }

  room(): Uint8Array | undefined {
    return this.state === STATE.OPEN ? this.#frames?.room() : undefined;
  }

  end(): void {
    if (this.state > STATE.OPEN) return;
    this.state = STATE.LEFT;
    this.over = true;
    this.#host.pending(this);
  }

  error(error: SkynetError): void {
    this.fail(error);
  }

  closed(): void {
    this.state = STATE.CLOSED;
    this.over = true;
    this.#host.released(this);
    this.#host.pending(this);
  }

  /** The next packet. One above the limit ends the connection instead. */
  take(): Uint8Array | undefined {
    try {
      const frame = this.#frames?.take();
      if (frame === undefined) {
        this.unread = 0;
        this.release(HOLD.UNREAD);
      } else {
        this.greeted = true;
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
    if ((reason & HOLD.UNREAD) === 0 && !this.scheduled) this.#host.pending(this);
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
    if (this.#dropping && this.connection.pendingBytes === 0) this.#dropping = false;
    return !this.#dropping;
  }

  #wrote(size: number): void {
    this.sent += size;
    const pending = this.connection.pendingBytes;
    if (pending < this.#warnAt) return;
    if (pending > this.options.writeBacklog && this.options.slowReader !== 'keep') {
      if (this.options.slowReader === 'drop') this.#dropping = true;
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
    this.#host.backlog(this, Math.ceil(pending / 1024));
  }

  drained(): void {
    if (this.#warnAt === BACKLOG_MARK) return;
    this.#warnAt = BACKLOG_MARK;
    this.#host.backlog(this, 0);
  }

  // --- the end

  /** Ends the connection for a reason that the service is told; what waits to be sent is lost. */
  fail(error: SkynetError): void {
    if (this.failure !== undefined || this.told || this.state === STATE.CLOSED) return;
    this.failure = error;
    this.destroy();
    this.#host.pending(this);
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
    if (this.#begun) return;
    this.#begun = true;
    this.connection.start(this);
  }
}
