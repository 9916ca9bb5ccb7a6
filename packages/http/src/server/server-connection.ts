import type { SkynetError } from '@skynet/core';
import type { ServiceKernel, Suspension } from '@skynet/core/kernel';
import { BACKLOG_MARK, type Receiver } from '@skynet/core/transport';
import { httpError, statusError, statusOf } from '../errors.ts';
import type { BodySource } from '../incoming-body.ts';
import { type MessageHead, MessageParser, type MessageSink } from '../parser/message-parser.ts';
import type { UpgradeEndpoint, Wire } from '../ports.ts';
import { reasonOf } from '../status.ts';
import type { Counted } from '../traffic.ts';
import type { ServerSettings } from './options.ts';
import { type ReadyReply, type Reply, ready } from './reply.ts';
import { HttpRequest } from './request.ts';
import { checkHead } from './request-rules.ts';

/** What a connection needs of its server. */
export interface ConnectionHost {
  readonly kernel: ServiceKernel;
  readonly settings: ServerSettings;
  /** Whether no more requests are to come. */
  readonly draining: boolean;
  /** It is over, or somebody else's. */
  forget(connection: ServerConnection): void;
}

/** Pipelined bytes that may wait while a request is worked on. */
const READ_AHEAD = 65_536;
/** Bytes of a body nobody wants that are read all the same, so that the connection can go on. */
const DISCARDED = 1 << 20;
/** How long a peer may take to close, in milliseconds, so that it gets the answer instead of a reset. */
const LINGER = 2000;
/** Long bodies go out in pieces, so that a peer's slowness shows. */
const SLICE = 262_144;
const CONTINUE: Uint8Array = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');
const LAST_CHUNK: Uint8Array = Buffer.from('0\r\n\r\n');

/**
 * A connection of a server. One request at a time is worked on; what comes behind it waits.
 *
 * ```
 * head ──> busy ──(answered, and its body has come)──> idle ──> head …
 *   └──────┴── refused, last request, or broken off ──> lingering ──> over
 * ```
 */
export class ServerConnection implements Receiver, MessageSink, BodySource, Counted {
  readonly #host: ConnectionHost;
  readonly wire: Wire;
  received = 0;
  sent = 0;
  readonly #parser: MessageParser;
  /** The one that is worked on. */
  #request: HttpRequest | undefined = undefined;
  /** Why the request is refused, found while it was parsed. */
  #refusal: SkynetError | undefined = undefined;
  #upgrade: { readonly endpoint: UpgradeEndpoint; readonly head: MessageHead } | undefined = undefined;
  #keepAlive = true;
  /** Whether the client waits for 100 before it sends the body. */
  #expects = false;
  #bodyBytes = 0;
  #bodyComplete = false;
  /** Something of the answer has left; all of it has. */
  #answering = false;
  #answered = false;
  /** Nothing that comes is of interest any more. */
  #deaf = false;
  #lingering = false;
  #over = false;
  /** What came behind the request that is worked on. */
  #ahead: Buffer | undefined = undefined;
  #held = false;
  /** The peer sends no more. */
  #peerEnded = false;
  /** When the time of what it waits for is over, of the request as a whole, and of what is to be sent. 0: never. */
  #deadline = 0;
  #requestDeadline = 0;
  #sendDeadline = 0;
  #pendingBefore = 0;
  #drained: Suspension<void> | undefined = undefined;

  constructor(host: ConnectionHost, wire: Wire) {
    this.#host = host;
    this.wire = wire;
    this.#parser = new MessageParser('request', host.settings, this);
    this.#wait(host.settings.headTimeout);
    wire.start(this);
  }

  /** Ends it as soon as nothing is worked on. */
  drain(): void {
    this.#keepAlive = false;
    if (this.#request === undefined && !this.#parser.underway) this.#linger();
  }

  /** Ends it at once. */
  cut(): void {
    this.wire.destroy();
    this.#finish();
  }

  // --- receiver

  data(chunk: Uint8Array): void {
    this.received += chunk.length;
    if (this.#deaf || this.#over) return;
    if (this.#request !== undefined && this.#bodyComplete) this.#keepAhead(chunk);
    else this.#feed(chunk);
  }

  end(): void {
    this.#peerEnded = true;
    if (this.#lingering || this.#over) return;
    if (this.#request === undefined) this.#linger();
    // Who has sent a whole request still gets the answer.
    else if (!this.#bodyComplete) this.#breakOff();
  }

  drained(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.resolve();
  }

  error(): void {
    // `closed` follows. That a peer is gone is nothing to be told of.
  }

  closed(): void {
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#deaf = true;
    this.#parser.free();
    this.#ahead = undefined;
    const request = this.#request;
    if (request !== undefined) {
      request.body.fail(httpError('ERR_HTTP_BODY', 'the peer is gone'));
      request.leave();
    }
    this.drained();
    this.#host.forget(this);
  }

  // --- reading

  #keepAhead(chunk: Uint8Array): void {
    // Behind the last request nothing counts.
    if (!this.#keepAlive) return;
    this.#ahead = this.#ahead === undefined ? Buffer.from(chunk) : Buffer.concat([this.#ahead, chunk]);
    if (this.#ahead.length > READ_AHEAD) this.#pause(true);
  }

  #pause(on: boolean): void {
    if (this.#held === on || this.#over) return;
    this.#held = on;
    if (on) this.wire.pause();
    else this.wire.resume();
  }

  #feed(chunk: Uint8Array): void {
    const { settings } = this.#host;
    const begins = this.#request === undefined && !this.#parser.underway;
    let read: number;
    try {
      read = this.#parser.read(chunk);
    } catch (error) {
      this.#refuse(error as SkynetError);
      return;
    }
    if (this.#refusal !== undefined) this.#refuse(this.#refusal);
    else if (this.#upgrade !== undefined) this.#handOver(this.#upgrade, Buffer.from(chunk.subarray(read)));
    else if (this.#request === undefined) {
      if (begins && this.#parser.underway) this.#wait(settings.headTimeout);
    } else if (!this.#bodyComplete) {
      if (this.#answered && this.#bodyBytes > DISCARDED) this.#linger();
      else if (!this.#held) this.#wait(settings.bodyTimeout);
    } else {
      this.#wait(0);
      if (read < chunk.length) this.#keepAhead(chunk.subarray(read));
      if (this.#answered) this.#next();
    }
  }

  head(head: MessageHead): boolean {
    const { kernel, settings } = this.#host;
    const endpoint = settings.upgrades.size === 0 ? undefined : this.#endpoint(head);
    if (endpoint !== undefined) {
      // It has rules of its own, and nothing of HTTP follows.
      this.#upgrade = { endpoint, head };
      return true;
    }
    const { refusal, expectsContinue, length } = checkHead(head, settings.bodyLimit);
    this.#refusal = refusal;
    if (refusal !== undefined) return true;
    this.#keepAlive = head.keepAlive && settings.keepAlive && !this.#host.draining;
    this.#expects = expectsContinue;
    this.#bodyBytes = 0;
    this.#bodyComplete = false;
    this.#answering = false;
    this.#answered = false;
    this.#requestDeadline = settings.requestTimeout === 0 ? 0 : performance.now() + settings.requestTimeout;
    this.#request = new HttpRequest(kernel, head, this.wire.remoteAddress, this);
    this.#request.body.expect(length);
    kernel.enqueue(work, this, this.#request);
    return false;
  }

  #endpoint({ url }: MessageHead): UpgradeEndpoint | undefined {
    const { upgrades } = this.#host.settings;
    const mark = url.indexOf('?');
    return upgrades.get(mark === -1 ? url : url.slice(0, mark)) ?? upgrades.get('*');
  }

  #handOver({ endpoint, head }: { endpoint: UpgradeEndpoint; head: MessageHead }, rest: Buffer): void {
    this.#finish();
    this.wire.pause();
    endpoint.takeOver(this.wire, head, rest);
  }

  body(piece: Uint8Array): void {
    this.#bodyBytes += piece.length;
    if (!this.#answered) this.#request?.body.copy(piece);
  }

  complete(trailers: readonly string[]): void {
    this.#bodyComplete = true;
    this.#requestDeadline = 0;
    // However much of it lies unread: what comes behind it has a limit of its own.
    this.#pause(false);
    this.#request?.body.end(trailers);
  }

  // --- what bodies ask for

  wanted(): void {
    if (!this.#expects) return;
    this.#expects = false;
    if (!this.#answering && !this.#over) this.#send(CONTINUE);
  }

  hold(on: boolean): void {
    if (this.#bodyComplete || this.#over) return;
    this.#pause(on);
    // That nobody reads is not the peer's fault.
    this.#wait(on ? 0 : this.#host.settings.bodyTimeout);
  }

  malformed(why: string): SkynetError {
    return statusError(400, 'ERR_HTTP_MESSAGE', why);
  }

  // --- answering

  #send(bytes: Uint8Array): void {
    this.sent += bytes.length;
    this.wire.write(bytes);
  }

  /** Has a request answered, as a task of the service. */
  work(request: HttpRequest): unknown {
    if (this.#over || this.#request !== request || this.#answering) return undefined;
    let reply: Reply | Promise<Reply>;
    try {
      reply = this.#host.settings.router.handle(request);
    } catch (error) {
      return this.#failed(request, error);
    }
    if (typeof (reply as Promise<Reply> | undefined)?.then !== 'function')
      return this.#reply(request, reply as Reply);
    return (reply as Promise<Reply>).then(
      (value) => this.#reply(request, value),
      (error: unknown) => this.#failed(request, error),
    );
  }

  /** The handler has thrown. */
  #failed(request: HttpRequest, error: unknown): unknown {
    // Not an error: the service ends, or the task was killed.
    const isSignal = !(error instanceof Error);
    const status = statusOf(error);
    if (status === undefined && !isSignal && !(request.gone && isCode(error, 'ERR_HTTP_BODY')))
      this.#host.kernel.reportError(`http ${request.method}`, error);
    const answered = this.#reply(request, statusReply(status ?? 500));
    if (isSignal) throw error;
    return answered;
  }

  #reply(request: HttpRequest, reply: Reply): unknown {
    if (this.#over || this.#request !== request || this.#answering) return undefined;
    const out = this.#ready(request, reply);
    this.#answering = true;
    this.#keepAlive = out.keepAlive;
    this.#send(out.head);
    if (out.stream !== undefined) return this.#stream(out, out.stream);
    if (out.body !== undefined) {
      if (out.body.length > BACKLOG_MARK) return this.#stream(out, slices(out.body));
      this.#send(out.body);
    }
    this.#done();
    return undefined;
  }

  #ready(request: HttpRequest, reply: Reply): ReadyReply {
    const { version, method } = request;
    // A client that was never told to send its body may send it, or not.
    const keepAlive = this.#keepAlive && !this.#host.draining && !this.#expects;
    const framing = { version, head: method === 'HEAD', keepAlive };
    try {
      return ready(reply, framing);
    } catch (error) {
      this.#host.kernel.reportError(`http ${method}`, error);
      return ready(statusReply(500), framing);
    }
  }

  async #stream(out: ReadyReply, pieces: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
    try {
      await this.#writePieces(out, pieces);
    } catch (error) {
      // What has left cannot be taken back: that it was cut off is all that the peer can be told.
      this.cut();
      if (!(error instanceof Error)) throw error;
      this.#host.kernel.reportError('http body', error);
      return;
    }
    if (this.#over) return;
    if (out.chunked) this.#send(LAST_CHUNK);
    this.#done();
  }

  async #writePieces(out: ReadyReply, pieces: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
    let sent = 0;
    for await (const piece of pieces) {
      if (this.#over) return;
      const bytes = pieceBytes(piece);
      if (bytes.length === 0) continue;
      sent += bytes.length;
      if (out.length !== undefined && sent > out.length) throw wrongLength(out.length, sent);
      if (out.chunked) this.#send(chunkOf(bytes));
      else this.#send(bytes);
      if (this.wire.pendingBytes > BACKLOG_MARK) await this.#untilDrained();
    }
    if (!this.#over && out.length !== undefined && sent !== out.length) throw wrongLength(out.length, sent);
  }

  #untilDrained(): Promise<void> {
    this.#drained = this.#host.kernel.suspend<void>();
    return this.#drained.promise;
  }

  /** The answer has been written. */
  #done(): void {
    this.#answered = true;
    if (!this.#keepAlive) this.#linger();
    else if (this.#bodyComplete) this.#next();
    else {
      this.#request?.body.discard();
      this.#wait(this.#host.settings.bodyTimeout);
    }
  }

  #next(): void {
    const { settings, draining } = this.#host;
    const ahead = this.#ahead;
    this.#request = undefined;
    this.#ahead = undefined;
    this.#answering = false;
    this.#answered = false;
    this.#parser.next();
    if (draining || (this.#peerEnded && ahead === undefined)) {
      this.#linger();
      return;
    }
    this.#wait(settings.idleTimeout);
    if (ahead === undefined) return;
    this.#pause(false);
    this.#feed(ahead);
    if (this.#peerEnded) this.end();
  }

  /** Answers what is no request, or none we take; the connection ends. */
  #refuse(error: SkynetError): void {
    this.#deaf = true;
    this.#request?.body.fail(error);
    if (this.#answering) {
      // Whoever answers already may go on.
      this.#keepAlive = false;
      if (this.#answered) this.#linger();
      return;
    }
    this.#answering = true;
    this.#answered = true;
    this.#keepAlive = false;
    const { head } = ready(this.#refusalReply(error), { version: 11, head: false, keepAlive: false });
    this.#send(head);
    this.#linger();
  }

  /** The peer has gone away in the middle of a body. */
  #breakOff(): void {
    this.#deaf = true;
    this.#keepAlive = false;
    this.#request?.body.fail(statusError(400, 'ERR_HTTP_BODY', 'the body breaks off'));
    if (this.#request?.body.used !== true)
      this.#refuse(statusError(400, 'ERR_HTTP_BODY', 'the body breaks off'));
  }

  #refusalReply(error: SkynetError): { status: number; body: string } {
    const status = statusOf(error) ?? 400;
    // Where everything is a handshake, it is the original's answer to a long one.
    if (this.#host.settings.upgrades.has('*') && (status === 414 || status === 431)) return statusReply(413);
    return error.message === 'host Required' ? { status, body: error.message } : statusReply(status);
  }

  /** Sends what is written and waits for the peer to close. */
  #linger(): void {
    if (this.#lingering || this.#over) return;
    this.#lingering = true;
    this.#deaf = true;
    this.#pause(false);
    this.#wait(LINGER);
    this.#requestDeadline = 0;
    this.wire.end();
  }

  // --- time

  #wait(milliseconds: number): void {
    this.#deadline = milliseconds === 0 ? 0 : performance.now() + milliseconds;
  }

  /** Looks whether something has taken too long. */
  sweep(now: number): void {
    if (this.#over) return;
    if (this.#isStuck(now) || (this.#lingering && this.#deadline !== 0 && now >= this.#deadline)) this.cut();
    else if (passed(this.#deadline, now) || passed(this.#requestDeadline, now)) this.#timeOut();
  }

  #isStuck(now: number): boolean {
    const { sendTimeout } = this.#host.settings;
    const { pendingBytes } = this.wire;
    const before = this.#pendingBefore;
    this.#pendingBefore = pendingBytes;
    if (pendingBytes === 0 || sendTimeout === 0) {
      this.#sendDeadline = 0;
      return false;
    }
    if (this.#sendDeadline === 0 || pendingBytes < before) this.#sendDeadline = now + sendTimeout;
    // What waits to be sent keeps a connection that lingers.
    if (this.#lingering) this.#wait(LINGER);
    return now >= this.#sendDeadline;
  }

  #timeOut(): void {
    this.#deadline = 0;
    this.#requestDeadline = 0;
    if (this.#request === undefined && !this.#parser.underway) this.#linger();
    else this.#refuse(statusError(408, 'ERR_HTTP_BODY', 'the request took too long'));
  }
}

/** A task of the service for a request. */
function work(connection: ServerConnection, request: HttpRequest): unknown {
  return connection.work(request);
}

function passed(deadline: number, now: number): boolean {
  return deadline !== 0 && now >= deadline;
}

function statusReply(status: number): { status: number; body: string } {
  return { status, body: reasonOf(status) };
}

function isCode(error: unknown, code: string): boolean {
  return (error as { code?: unknown }).code === code;
}

function wrongLength(length: number, sent: number): SkynetError {
  return httpError('ERR_HTTP_REPLY', `content-length says ${length} bytes, the body has ${sent} or more`);
}

/** @throws ERR_HTTP_REPLY. */
function pieceBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  throw httpError('ERR_HTTP_REPLY', `a piece of a body is text or bytes, not ${typeof piece}`);
}

function chunkOf(bytes: Uint8Array): Uint8Array {
  const size = `${bytes.length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + 2);
  chunk.write(size, 0, 'latin1');
  chunk.set(bytes, size.length);
  chunk[chunk.length - 2] = 13;
  chunk[chunk.length - 1] = 10;
  return chunk;
}

function* slices(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += SLICE) yield body.subarray(at, at + SLICE);
}
