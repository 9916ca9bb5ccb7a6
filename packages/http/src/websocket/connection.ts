import type { SkynetError } from '@skynet/core';
import type { ServiceKernel, Suspension } from '@skynet/core/kernel';
import { BACKLOG_MARK, type Receiver } from '@skynet/core/transport';
import { FrameReader, type FrameRules, OP } from '@skynet/core/ws/frames';
import { httpError } from '../errors.ts';
import type { Wire } from '../ports.ts';
import type { Counted } from '../traffic.ts';
import { EventQueue, type WebSocketEvent } from './event-queue.ts';
import { closePayload, frameHead, frameOf } from './frame.ts';
import { type FrameSink, readFrames } from './frame-reader.ts';
import type { WebSocketHandler } from './handler.ts';

/** How a connection goes on. */
export interface ConnectionSettings extends Omit<FrameRules, 'memory'> {
  /** Unsent bytes above which it is closed. */
  readonly writeLimit: number;
  /** How long the peer may take to close, in milliseconds. */
  readonly closeTimeout: number;
  /** How often the peer is pinged, in milliseconds; 0 for never. */
  readonly heartbeat: number;
}

/** Who a connection belongs to. */
export interface ConnectionOwner {
  readonly kernel: ServiceKernel;
  /** It takes no more messages and gives none. */
  forget(connection: WebSocketConnection): void;
}

/** Payloads up to this many bytes are joined with their head. */
const JOINED = 4096;
/** Events told in a turn before others have theirs. */
const TURN = 256;
const NOTHING: Buffer = Buffer.alloc(0);
const KILOBYTE = 1024;
/** What a peer is told that gives no sign of life: as most servers do, "internal error". */
const SILENT = 1011;
/** A heartbeat that comes later than this, as a part of its time, shows that the thread was held. */
const LATE = 1.25;

/**
 * A WebSocket connection of a service, behind its handshake.
 *
 * ```
 * open ──close()──> closing ──(peer's close, end, or time)──> over
 *   ├──(peer's close)──> answered ──> over       ├── told: close
 *   └──(broke, or broke the rules)──> over       └── told: error
 * ```
 */
export class WebSocketConnection implements Receiver, FrameSink, Counted {
  readonly id: number;
  readonly #owner: ConnectionOwner;
  readonly wire: Wire;
  received = 0;
  sent = 0;
  readonly #settings: ConnectionSettings;
  readonly #reader: FrameReader;
  readonly #handler: WebSocketHandler | undefined;
  readonly #client: boolean;
  /** Where the peer is, and where its proxy says it is. */
  readonly address: string;
  readonly realIp: string | undefined;
  readonly url: string;
  readonly #events = new EventQueue();
  #pumping = false;
  /** Whether a handler has begun and not ended. */
  #busy = false;
  #held = false;
  #closing = false;
  /** The peer's last word has come: a close frame, the end, or a failure. */
  #lastWord = false;
  #over = false;
  #warned = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #heartbeat: NodeJS.Timeout | undefined = undefined;
  /** Whether something came since the last ping of the heartbeat. */
  #heard = true;
  #lastBeat = 0;
  #reading: Suspension<void> | undefined = undefined;
  #ended: Suspension<void> | undefined = undefined;
  #ending: SkynetError | 'closed' | undefined = undefined;
  #failure: SkynetError | undefined = undefined;

  constructor(
    owner: ConnectionOwner,
    wire: Wire,
    id: number,
    settings: ConnectionSettings,
    role: {
      readonly client: boolean;
      readonly handler: WebSocketHandler | undefined;
      readonly url: string;
      readonly address: string;
      readonly realIp: string | undefined;
    },
  ) {
    this.#owner = owner;
    this.wire = wire;
    this.id = id;
    this.#settings = settings;
    this.#client = role.client;
    this.#handler = role.handler;
    this.url = role.url;
    this.address = role.address;
    this.realIp = role.realIp;
    this.#reader = new FrameReader({ ...settings, memory: 'receiver' });
  }

  /** Begins to read. @param rest what came behind the handshake. */
  begin(rest: Uint8Array): void {
    if (rest.length > 0) this.data(rest);
    this.wire.start(this);
    if (this.#held) this.wire.pause();
    const { heartbeat } = this.#settings;
    if (heartbeat === 0 || this.#lastWord) return;
    this.#lastBeat = performance.now();
    // Behind what has come already.
    this.#heartbeat = setInterval(() => setImmediate(() => this.#beat()), heartbeat);
    this.#heartbeat.unref();
  }

  /** Asks for a sign of life, or ends a connection that has given none. */
  #beat(): void {
    const now = performance.now();
    const isLate = now - this.#lastBeat > this.#settings.heartbeat * LATE;
    this.#lastBeat = now;
    // Who is not read from may have said something, and a pause of ours is not the peer's.
    const alive = this.#heard || this.#held || isLate;
    // What is closed has a limit of its own.
    if (this.#closing || this.#lastWord) return;
    this.#heard = false;
    if (alive) this.#send(OP.PING, NOTHING, this.#client);
    else
      this.#violated(
        httpError('ERR_WEBSOCKET_SILENT', 'the peer gives no sign of life', {
          details: { closeCode: SILENT },
        }),
      );
  }

  /** Whether it takes messages. */
  get open(): boolean {
    return !this.#closing && !this.#over && !this.#lastWord;
  }

  // --- out

  /** @returns whether it was taken. */
  write(data: string | Uint8Array, type: 'text' | 'binary', mask: number | undefined): boolean {
    if (this.#closing || this.#over) return false;
    this.#send(type === 'text' ? OP.TEXT : OP.BINARY, data, mask ?? this.#client);
    return true;
  }

  /** @returns whether it was taken. */
  ping(): boolean {
    if (this.#closing || this.#over) return false;
    this.#send(OP.PING, NOTHING, this.#client);
    return true;
  }

  /** Says goodbye; it is over when the peer has answered, or has had time to. */
  close(code: number | undefined, reason: string): void {
    if (this.#closing || this.#over) return;
    this.#send(OP.CLOSE, closePayload(code, reason), this.#client);
    this.#closing = true;
    this.#pause(false);
    this.#limitTime();
    // What waits for the service is still told, in order.
    this.#wake();
  }

  #send(op: number, data: string | Uint8Array, mask: boolean | number): void {
    const { wire } = this;
    if (mask === false && typeof data !== 'string' && data.length > JOINED) {
      const head = frameHead(op, data.length);
      this.sent += head.length + data.length;
      wire.write(head);
      wire.write(data);
    } else {
      const frame = frameOf(op, data, mask);
      this.sent += frame.length;
      wire.write(frame);
    }
    if (wire.pendingBytes > BACKLOG_MARK) this.#backlog(wire.pendingBytes);
  }

  #backlog(pending: number): void {
    if (pending > this.#settings.writeLimit) {
      this.#fail(
        httpError('ERR_WEBSOCKET_LIMIT', `more than ${this.#settings.writeLimit} bytes wait to be sent`),
      );
      this.wire.destroy();
      return;
    }
    const kilobytes = Math.floor(pending / KILOBYTE);
    if (kilobytes < this.#warned * 2) return;
    this.#warned = 2 ** Math.floor(Math.log2(kilobytes));
    if (this.#handler?.warning !== undefined) this.#push({ kind: 'warning', kilobytes: this.#warned });
  }

  // --- in

  data(chunk: Uint8Array): void {
    if (this.#over || this.#lastWord) return;
    this.#heard = true;
    this.received += chunk.length;
    try {
      readFrames(this.#reader, chunk, this);
    } catch (error) {
      this.#violated(error as SkynetError);
    }
  }

  onText(data: string, size: number): void {
    if (!this.#closing) this.#push({ kind: 'text', data, size });
  }

  onBinary(data: Buffer): void {
    if (!this.#closing) this.#push({ kind: 'binary', data, size: data.length });
  }

  onPing(payload: Buffer): void {
    if (this.#closing) return;
    // In order with answers to messages before it, unless a handler keeps it waiting.
    const now = this.#handler === undefined || this.#busy;
    if (now) this.#send(OP.PONG, payload, this.#client);
    if (this.#handler !== undefined) this.#push({ kind: 'ping', payload: now ? undefined : payload });
  }

  onPong(): void {
    if (this.#handler !== undefined) this.#push({ kind: 'pong' });
  }

  onClose(code: number | undefined, reason: string): void {
    const payload = closePayload(code, reason);
    this.#lastWord = true;
    this.#pause(false);
    // What comes back for a close of ours is no message of the peer's.
    this.#push(
      this.#closing
        ? { kind: 'close', code: undefined, reason: undefined, payload }
        : { kind: 'close', code, reason, payload },
    );
  }

  /** The peer has broken the rules. It is told once what came before that has been taken up. */
  #violated(error: SkynetError): void {
    this.#fail(error);
    this.#limitTime();
  }

  /** It is over otherwise than by a close frame. */
  #fail(error: SkynetError): void {
    if (this.#lastWord) return;
    this.#lastWord = true;
    this.#pause(false);
    this.#push(
      this.#closing
        ? { kind: 'close', code: undefined, reason: undefined, payload: NOTHING }
        : { kind: 'error', error },
    );
  }

  end(): void {
    if (!this.#lastWord) this.#fail(this.#failure ?? broken('the peer has closed without a word'));
    this.wire.end();
  }

  drained(): void {
    if (this.#warned === 0) return;
    this.#warned = 0;
    if (this.#handler?.warning !== undefined) this.#push({ kind: 'warning', kilobytes: 0 });
  }

  error(error: SkynetError): void {
    this.#failure = broken(error.message, error);
  }

  closed(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
    this.#timer = undefined;
    this.#fail(this.#failure ?? broken('the connection was closed'));
  }

  #limitTime(): void {
    if (this.#timer !== undefined || this.wire.closed) return;
    this.#timer = setTimeout(() => this.wire.destroy(), this.#settings.closeTimeout);
    this.#timer.unref();
  }

  // --- telling

  #push(event: WebSocketEvent): void {
    if (this.#over) return;
    if (this.#events.push(event)) this.#pause(true);
    this.#wake();
  }

  #pause(on: boolean): void {
    if (this.#held === on || (on && this.#lastWord)) return;
    this.#held = on;
    if (on) this.wire.pause();
    else this.wire.resume();
  }

  #wake(): void {
    if (this.#handler === undefined) {
      const reading = this.#reading;
      this.#reading = undefined;
      reading?.resolve();
    } else if (!this.#pumping) {
      this.#pumping = true;
      this.#owner.kernel.enqueue(pump, this);
    }
  }

  #next(): WebSocketEvent | undefined {
    const event = this.#events.next();
    if (this.#held && this.#events.hasRoom) this.#pause(false);
    return event;
  }

  /** Tells the handler what waits, one after another. */
  pump(): unknown {
    for (let told = 0; told < TURN; told++) {
      const event = this.#next();
      if (event === undefined) {
        this.#pumping = false;
        return undefined;
      }
      const waiting = this.#tell(event);
      if (waiting !== undefined) return this.#goOn(waiting);
    }
    this.#owner.kernel.enqueue(pump, this);
    return undefined;
  }

  /** Waits for a handler, then tells what has come meanwhile. */
  async #goOn(waiting: PromiseLike<unknown>): Promise<void> {
    this.#busy = true;
    try {
      await waiting;
    } catch (error) {
      this.#reported(error);
    } finally {
      this.#busy = false;
      this.#owner.kernel.enqueue(pump, this);
    }
  }

  #reported(error: unknown): void {
    if (!(error instanceof Error)) throw error;
    this.#owner.kernel.reportError('websocket', error);
  }

  #tell(event: WebSocketEvent): PromiseLike<unknown> | undefined {
    try {
      const result = this.#call(event, this.#handler as WebSocketHandler);
      return typeof (result as PromiseLike<unknown> | undefined)?.then === 'function'
        ? (result as PromiseLike<unknown>)
        : undefined;
    } catch (error) {
      if (!(error instanceof Error)) this.#pumping = false;
      this.#reported(error);
      return undefined;
    }
  }

  #call(event: WebSocketEvent, handler: WebSocketHandler): unknown {
    const { id } = this;
    switch (event.kind) {
      case 'text':
      case 'binary':
        return handler.message?.(id, event.data, event.kind);
      case 'ping':
        if (event.payload !== undefined && !this.#closing) this.#send(OP.PONG, event.payload, this.#client);
        return handler.ping?.(id);
      case 'pong':
        return handler.pong?.(id);
      case 'warning':
        return handler.warning?.(id, event.kilobytes);
      case 'close':
        this.#finish(undefined);
        return event.code === undefined ? handler.close?.(id) : handler.close?.(id, event.code, event.reason);
      case 'error':
        this.#finish(event.error);
        return handler.error?.(id, event.error);
    }
  }

  /** The last word has been taken up. */
  #finish(error: SkynetError | undefined): void {
    if (this.#over) return;
    const code = error?.details?.['closeCode'];
    const payload = typeof code === 'number' ? closePayload(code, '') : NOTHING;
    if (!this.#closing) this.#send(OP.CLOSE, payload, this.#client);
    this.#closing = true;
    this.#over = true;
    clearInterval(this.#heartbeat);
    this.wire.end();
    this.#limitTime();
    this.#owner.forget(this);
    this.#ending = error ?? 'closed';
    this.#ended?.resolve();
  }

  /** Waits until it is over. @returns why, if not politely. */
  async untilOver(): Promise<SkynetError | undefined> {
    if (this.#ending === undefined) {
      this.#ended = this.#owner.kernel.suspend<void>();
      await this.#ended.promise;
    }
    return this.#ending === 'closed' ? undefined : this.#ending;
  }

  /** The next message of a connection without handler; at its end what the close frame had in it. @throws how it broke. */
  async read(): Promise<
    readonly [data: string | Buffer, closed: undefined] | readonly [data: undefined, closed: Buffer]
  > {
    if (this.#handler !== undefined)
      throw httpError('ERR_WEBSOCKET_ID', 'messages of this connection go to its handler');
    if (this.#reading !== undefined)
      throw httpError('ERR_WEBSOCKET_ID', 'another task reads from this connection');
    for (;;) {
      const event = this.#next();
      if (event === undefined) {
        if (this.#over) throw httpError('ERR_WEBSOCKET_ID', 'the connection is over');
        this.#reading = this.#owner.kernel.suspend<void>();
        await this.#reading.promise;
      } else if (event.kind === 'text' || event.kind === 'binary') return [event.data, undefined];
      else if (event.kind === 'close') {
        this.#finish(undefined);
        return [undefined, event.payload];
      } else if (event.kind === 'error') {
        this.#finish(event.error);
        throw event.error;
      }
    }
  }

  /** Ends it, telling the service nothing more. A goodbye that was said is still sent. */
  destroy(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
    if (this.#closing) this.wire.close();
    else this.wire.destroy();
  }
}

/** A task of the service. */
function pump(connection: WebSocketConnection): unknown {
  return connection.pump();
}

function broken(why: string, cause?: SkynetError): SkynetError {
  return httpError('ERR_HTTP_SOCKET', `[Socket Error] : ${why}`, cause === undefined ? {} : { cause });
}
