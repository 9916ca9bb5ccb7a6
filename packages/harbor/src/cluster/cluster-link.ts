import type { Handle, SkynetError } from '@skynet/core';
import { FrameReader } from '@skynet/core/netpack';
import type { Connection, ConnectionStat, Receiver } from '@skynet/core/transport';
import { FrameWriter } from './frame-writer.ts';
import { JoinedBody } from './joined-body.ts';
import { PendingRequest, PendingRequests } from './pending-requests.ts';
import {
  encodePush,
  encodeRequest,
  encodeTrace,
  isLargeRequest,
  nextSession,
  requestParts,
  type Target,
} from './request-frame.ts';
import { decodeResponse, isWhole, RESPONSE_HEAD, type ResponseFrame, sessionAt } from './response-frame.ts';

/** Milliseconds of silence after which the system asks whether the other side is there. */
const PROBE = 10_000;
/** Requests given up whose answers may still come: so many are remembered. */
const MAX_LATE = 65_536;

/** Who waits for an answer; by it the request can be given up. */
export interface Asker {
  readonly source: Handle;
  /** Number that the service has given it. */
  readonly ticket: number;
  /** Of the trace that it belongs to. */
  readonly tag?: string | undefined;
}

/** Gets the answer of a request: an error, or the bytes, which it may keep. */
export type Answered = (error: SkynetError | undefined, body: Uint8Array | undefined) => void;

/** What a link tells whoever has it. */
export interface LinkOwner {
  /** The other node has answered with an error. */
  remoteError(text: string): SkynetError;
  /** What requests get whose answer does not come. */
  lostError(): SkynetError;
  /** An answer that cannot be used. */
  invalidError(text: string): SkynetError;
  /** The tag as it goes out with a request. */
  traced(tag: string, session: number): string;
  /** An answer has come whose request was given up. */
  cameLate(): void;
  /** Something to be noted in the log. */
  note(text: string): void;
  /** The connection is over. */
  linkClosed(link: ClusterLink): void;
}

/** A connection to a node that listens: requests go out, answers come back. */
export class ClusterLink implements Receiver {
  /** Number of the connection. */
  readonly fd: number;
  readonly #owner: LinkOwner;
  readonly #connection: Connection;
  readonly #writer: FrameWriter;
  readonly #reader: FrameReader = new FrameReader();
  readonly #pending = new PendingRequests<Answered>();
  readonly #large = new Map<number, JoinedBody>();
  /** Sessions of requests that were given up. */
  readonly #late = new Set<number>();
  #session = 1;
  #sent = 0;
  #received = 0;
  #isRetired = false;

  constructor(owner: LinkOwner, connection: Connection, fd: number) {
    this.fd = fd;
    this.#owner = owner;
    this.#connection = connection;
    this.#writer = new FrameWriter(connection);
    connection.setKeepAlive(PROBE);
    connection.start(this);
  }

  /** Requests whose answer has not come. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Bytes that have not left. */
  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }

  /** Bytes that have been sent, and that have come. */
  get sent(): number {
    return this.#sent;
  }

  get received(): number {
    return this.#received;
  }

  /** For lists of sockets, as one of the service's. */
  stat(address: Handle): ConnectionStat {
    return {
      id: this.fd,
      type: this.#isRetired ? 'CLOSING' : 'TCP',
      address,
      read: this.#received,
      write: this.#sent,
      rbuffer: 0,
      wbuffer: this.pendingBytes,
      sock: this.#connection.localAddress,
      peer: this.#connection.remoteAddress,
    };
  }

  /**
   * Sends a request; `answered` is called once, unless it is given up.
   * @throws ERR_CLUSTER_NAME.
   */
  request(to: Target, body: Uint8Array, asker: Asker, answered: Answered): void {
    const session = this.#free();
    const frame = encodeRequest(to, session, body);
    // The tag has the number of the next request, as the original's.
    if (asker.tag !== undefined) this.#write(encodeTrace(this.#owner.traced(asker.tag, this.#session)));
    this.#write(frame);
    if (isLargeRequest(body)) this.#writeParts(session, body);
    this.#pending.add(new PendingRequest(session, asker.source, asker.ticket, answered));
  }

  /** Sends what gets no answer. @throws ERR_CLUSTER_NAME. */
  push(to: Target, body: Uint8Array): void {
    if (!isLargeRequest(body)) {
      // The session of a small one is not on the wire.
      this.#write(encodePush(to, 1, body));
      return;
    }
    const session = this.#free();
    this.#write(encodePush(to, session, body));
    this.#writeParts(session, body);
  }

  /** Nobody waits for the answer of a request any more. False if it is none of this link. */
  giveUp({ source, ticket }: Asker): boolean {
    const session = this.#pending.find(source, ticket)?.session;
    if (session === undefined) return false;
    this.#pending.take(session);
    this.#large.delete(session);
    for (const oldest of this.#late) {
      if (this.#late.size < MAX_LATE) break;
      this.#late.delete(oldest);
    }
    this.#late.add(session);
    this.#closeIfDone();
    return true;
  }

  #write(frame: Buffer): void {
    this.#sent += frame.length;
    this.#writer.write(frame);
  }

  #writeParts(session: number, body: Uint8Array): void {
    this.#sent += body.length;
    this.#writer.writeParts(requestParts(session, body), body.length);
  }

  /** Takes no more requests; closes when those under way are answered, and all pushes sent. */
  retire(): void {
    this.#isRetired = true;
    this.#closeIfDone();
  }

  /** Closes at once; what is under way fails. */
  destroy(): void {
    this.#connection.destroy();
  }

  /** The next session that no request under way has. */
  #free(): number {
    for (;;) {
      const session = this.#session;
      this.#session = nextSession(session);
      if (this.#pending.get(session) === undefined && !this.#late.has(session)) return session;
    }
  }

  #closeIfDone(): void {
    // The rest of a large push is owed, too.
    if (this.#isRetired && this.#pending.size === 0 && this.#writer.isDone) this.#connection.close();
  }

  // --- receiver

  data(chunk: Uint8Array): void {
    this.#received += chunk.length;
    // A copy of the chunk: bodies are parts of it.
    this.#reader.push(new Uint8Array(chunk), this.#frame);
  }

  readonly #frame = (buffer: Uint8Array, start: number, end: number): void => {
    // By far the most frequent.
    if (isWhole(buffer, start, end)) {
      const session = sessionAt(buffer, start);
      const answered = this.#pending.get(session)?.answered;
      if (answered !== undefined) {
        this.#settle(session, answered, undefined, buffer.subarray(start + RESPONSE_HEAD, end));
        return;
      }
    }
    const response = decodeResponse(Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start));
    if (response === undefined) this.#owner.note(`socket: invalid answer of ${end - start} bytes`);
    else this.#take(response);
  };

  #take(response: ResponseFrame): void {
    const { session } = response;
    const answered = this.#pending.get(session)?.answered;
    if (answered === undefined) {
      this.#takeLate(response);
      return;
    }
    switch (response.kind) {
      case 'whole':
        this.#settle(session, answered, undefined, response.body);
        break;
      case 'error':
        this.#settle(session, answered, this.#owner.remoteError(response.text), undefined);
        break;
      case 'head':
        this.#large.set(session, new JoinedBody(response.size));
        break;
      default:
        this.#takePart(response, answered);
    }
  }

  /** An answer that nobody waits for any more, or never did. */
  #takeLate(response: ResponseFrame): void {
    const { session, kind } = response;
    if (!this.#late.has(session)) {
      this.#owner.note(`socket: unknown session : ${session}`);
      return;
    }
    if (kind === 'head' || (kind === 'part' && !response.isLast)) return;
    this.#late.delete(session);
    this.#owner.cameLate();
  }

  #takePart(part: Extract<ResponseFrame, { kind: 'part' }>, answered: Answered): void {
    const large = this.#large.get(part.session);
    large?.add(part.body);
    if (!part.isLast) return;
    const body = large?.join();
    if (body !== undefined) this.#settle(part.session, answered, undefined, body);
    else
      this.#settle(
        part.session,
        answered,
        this.#owner.invalidError('the parts of its answer do not add up'),
        undefined,
      );
  }

  #settle(
    session: number,
    answered: Answered,
    error: SkynetError | undefined,
    body: Uint8Array | undefined,
  ): void {
    this.#pending.take(session);
    if (this.#large.size > 0) this.#large.delete(session);
    answered(error, body);
    this.#closeIfDone();
  }

  drained(): void {
    this.#writer.pump();
    this.#closeIfDone();
  }

  end(): void {
    this.#connection.destroy();
  }

  error(): void {
    // What it means to those who wait is said when it has closed.
  }

  closed(): void {
    const pending = this.#pending.takeAll();
    this.#large.clear();
    this.#late.clear();
    this.#owner.linkClosed(this);
    for (const { answered } of pending) answered(this.#owner.lostError(), undefined);
  }
}
