import type { SkynetError } from '@skynet/core';
import { FrameReader } from '@skynet/core/netpack';
import type { Connection, Receiver } from '@skynet/core/transport';
import { FrameWriter } from './frame-writer.ts';
import { JoinedBody } from './joined-body.ts';
import {
  encodePush,
  encodeRequest,
  isLargeRequest,
  nextSession,
  requestParts,
  type Target,
} from './request-frame.ts';
import { decodeResponse, type ResponseFrame } from './response-frame.ts';

/** Milliseconds of silence after which the system asks whether the other side is there. */
const PROBE = 10_000;
/** A node that leaves so many bytes unread counts as lost. */
const MAX_UNREAD = 1 << 30;

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
  /** Something to be noted in the log. */
  note(text: string): void;
  /** The connection is over. */
  linkClosed(link: ClusterLink): void;
}

/** A connection to a node that listens: requests go out, answers come back. */
export class ClusterLink implements Receiver {
  readonly #owner: LinkOwner;
  readonly #connection: Connection;
  readonly #writer: FrameWriter;
  readonly #reader: FrameReader = new FrameReader();
  readonly #pending = new Map<number, Answered>();
  readonly #large = new Map<number, JoinedBody>();
  #session = 1;
  #isRetired = false;

  constructor(owner: LinkOwner, connection: Connection) {
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
    return this.#connection.pendingBytes;
  }

  /**
   * Sends a request; `answered` is called once.
   * @throws ERR_CLUSTER_NAME.
   */
  request(to: Target, body: Uint8Array, answered: Answered): void {
    this.#bound();
    const session = this.#free();
    this.#writer.write(encodeRequest(to, session, body));
    if (isLargeRequest(body)) this.#writer.writeParts(requestParts(session, body));
    this.#pending.set(session, answered);
  }

  /** Sends what gets no answer. @throws ERR_CLUSTER_NAME. */
  push(to: Target, body: Uint8Array): void {
    this.#bound();
    if (!isLargeRequest(body)) {
      // The session of a small one is not on the wire.
      this.#writer.write(encodePush(to, 1, body));
      return;
    }
    const session = this.#free();
    this.#writer.write(encodePush(to, session, body));
    this.#writer.writeParts(requestParts(session, body));
  }

  /** Takes no more requests; closes when those under way are answered. */
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
      if (!this.#pending.has(session)) return session;
    }
  }

  /** What waits does not grow for ever: whoever reads nothing is lost. */
  #bound(): void {
    if (this.#connection.pendingBytes > MAX_UNREAD) this.#connection.destroy();
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#pending.size === 0) this.#connection.close();
  }

  // --- receiver

  data(chunk: Uint8Array): void {
    this.#reader.push(chunk, (buffer, start, end) => {
      const frame = Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start);
      const response = decodeResponse(frame);
      if (response === undefined) this.#owner.note(`socket: invalid answer of ${frame.length} bytes`);
      else this.#take(response);
    });
  }

  #take(response: ResponseFrame): void {
    const { session } = response;
    const answered = this.#pending.get(session);
    if (answered === undefined) {
      this.#owner.note(`socket: unknown session : ${session}`);
      return;
    }
    switch (response.kind) {
      case 'whole':
        this.#settle(session, answered, undefined, Uint8Array.prototype.slice.call(response.body));
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
    this.#pending.delete(session);
    if (this.#large.size > 0) this.#large.delete(session);
    answered(error, body);
    this.#closeIfDone();
  }

  drained(): void {
    this.#writer.pump();
  }

  end(): void {
    this.#connection.destroy();
  }

  error(): void {
    // What it means to those who wait is said when it has closed.
  }

  closed(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#large.clear();
    this.#owner.linkClosed(this);
    for (const answered of pending) answered(this.#owner.lostError(), undefined);
  }
}
