import {
  type Body,
  type Handle,
  PTYPE,
  parseHandle,
  printable,
  type Skynet,
  type SkynetError,
  unpackSeri,
} from '@skynet/core';
import { Message, packSeriShared, type ServiceKernel } from '@skynet/core/kernel';
import { FrameReader } from '@skynet/core/netpack';
import type { Connection, ConnectionStat, Receiver } from '@skynet/core/transport';
import { FrameWriter } from './frame-writer.ts';
import { JoinedBody } from './joined-body.ts';
import type { NameTable } from './name-table.ts';
import { decodeRequest, type RequestFrame, type Target, WholeRequests } from './request-frame.ts';
import { encodeFailure, encodeResponse, isLargeResponse, responseParts } from './response-frame.ts';

/** Large requests that may be under way on one connection. */
const MAX_LARGE = 1024;
/** Bytes of them that are kept, all together. */
const MAX_BYTES: number = 256 << 20;

/** Milliseconds of silence after which the system asks whether the other side is there. */
const PROBE = 10_000;

/** A large request whose parts come. */
interface Large {
  readonly to: Target;
  readonly isPush: boolean;
  readonly tag: string | undefined;
  readonly body: JoinedBody;
}

/** A node that has connected to this one: its requests go to services here, their answers back. */
export class IncomingNode implements Receiver {
  readonly #kernel: ServiceKernel;
  readonly #skynet: Skynet;
  readonly #names: NameTable;
  readonly #connection: Connection;
  readonly #over: () => void;
  readonly #writer: FrameWriter;
  readonly #reader: FrameReader = new FrameReader();
  readonly #wholes = new WholeRequests();
  readonly #large = new Map<number, Large>();
  readonly #fd: number;
  #largeBytes = 0;
  #received = 0;
  #sent = 0;
  #pending = 0;
  /** Tag of the trace that the next request belongs to. */
  #tag: string | undefined;
  #isPaused = false;

  /** @param over - called when the connection is over. */
  constructor(kernel: ServiceKernel, names: NameTable, connection: Connection, over: () => void) {
    this.#kernel = kernel;
    this.#skynet = kernel.skynet;
    this.#fd = kernel.thread.nextId();
    this.#names = names;
    this.#connection = connection;
    this.#over = over;
    this.#writer = new FrameWriter(connection);
    connection.setKeepAlive(PROBE);
    connection.start(this);
  }

  get address(): string {
    return this.#connection.remoteAddress;
  }

  /** Requests that services work on. */
  get pending(): number {
    return this.#pending;
  }

  /** Bytes of answers that have not left. */
  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }

  /** For lists of sockets. */
  stat(): ConnectionStat {
    return {
      id: this.#fd,
      type: 'TCP',
      address: this.#skynet.self(),
      read: this.#received,
      write: this.#sent,
      rbuffer: 0,
      wbuffer: this.pendingBytes,
      sock: this.#connection.localAddress,
      peer: this.address,
    };
  }

  close(): void {
    this.#connection.close();
  }

  // --- receiver

  data(chunk: Uint8Array): void {
    this.#received += chunk.length;
    // A copy of the chunk: bodies are parts of it.
    this.#reader.push(new Uint8Array(chunk), this.#frame);
  }

  readonly #frame = (buffer: Uint8Array, start: number, end: number): void => {
    const tag = this.#tag;
    // By far the most frequent.
    const whole = this.#wholes.at(buffer, start, end);
    if (whole !== undefined) {
      this.#tag = undefined;
      this.#dispatch(whole.to, whole.session, buffer.subarray(whole.from, end), whole.session === 0, tag);
      return;
    }
    let request: RequestFrame;
    try {
      request = decodeRequest(Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start));
    } catch (error) {
      this.#skynet.error(`${this.address}: ${(error as Error).message}`);
      return;
    }
    this.#take(request);
  };

  drained(): void {
    this.#writer.pump();
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#connection.resume();
  }

  end(): void {
    this.#connection.close();
  }

  error(): void {}

  closed(): void {
    this.#large.clear();
    this.#over();
  }

  // --- requests

  #take(request: RequestFrame): void {
    switch (request.kind) {
      case 'whole':
        this.#dispatch(request.to, request.session, request.body, request.session === 0, this.#takeTag());
        break;
      case 'head':
        this.#begin(request);
        break;
      case 'part':
        this.#takePart(request.session, request.body, request.isLast);
        break;
      default:
        this.#tag = request.tag;
    }
  }

  #takeTag(): string | undefined {
    const tag = this.#tag;
    this.#tag = undefined;
    return tag;
  }

  #begin({ session, to, size, isPush }: Extract<RequestFrame, { kind: 'head' }>): void {
    const tag = this.#takeTag();
    this.#forget(session);
    if (this.#large.size >= MAX_LARGE) {
      this.#skynet.error(`${this.address}: more than ${MAX_LARGE} large requests at the same time`);
      return;
    }
    this.#large.set(session, { to, isPush, tag, body: new JoinedBody(size) });
  }

  #forget(session: number): void {
    const large = this.#large.get(session);
    if (large === undefined) return;
    this.#largeBytes -= large.body.filled;
    this.#large.delete(session);
  }

  #takePart(session: number, part: Uint8Array, isLast: boolean): void {
    const large = this.#large.get(session);
    if (large !== undefined && this.#largeBytes + part.length <= MAX_BYTES) {
      large.body.add(part);
      this.#largeBytes += part.length;
    } else if (large !== undefined) {
      this.#skynet.error(`${this.address}: large requests of more than ${MAX_BYTES} bytes`);
      this.#forget(session);
    }
    if (!isLast) return;
    const known = this.#large.get(session);
    this.#forget(session);
    const body = known?.body.join();
    if (known !== undefined && body !== undefined)
      this.#dispatch(known.to, session, body, known.isPush, known.tag);
    else if (known?.isPush !== true) this.#refuse(session, 'Invalid large req');
  }

  #dispatch(to: Target, session: number, body: Uint8Array, isPush: boolean, tag: string | undefined): void {
    try {
      if (to === 0) {
        if (!isPush) this.#tellName(session, body);
        return;
      }
      const handle = this.#find(to);
      if (handle === undefined) {
        const text =
          typeof to === 'string' && to.startsWith('@')
            ? 'Invalid name'
            : `call to invalid address ${printable(to)}`;
        if (isPush) this.#skynet.error(`${this.address}: ${text}`);
        else this.#refuse(session, text);
        return;
      }
      if (isPush) {
        this.#skynet.rawSend(handle, 'lua', body);
        return;
      }
      if (tag !== undefined)
        this.#kernel.thread.deliver(
          handle,
          new Message(PTYPE.TRACE, 0, this.#skynet.self(), Buffer.from(tag)),
        );
      this.#kernel.ask(handle, 'lua', body, (error, answer) => {
        this.#pending--;
        this.#answer(session, error, answer);
      });
      this.#pending++;
    } catch (error) {
      if (isPush) this.#skynet.error(`${this.address}: ${(error as Error).message}`);
      else this.#refuse(session, (error as Error).message);
    }
  }

  #find(to: Target): Handle | undefined {
    if (typeof to === 'number') return to;
    if (to.startsWith('@')) return this.#names.get(to.slice(1));
    return to.startsWith(':') ? parseHandle(to) : this.#skynet.localName(to);
  }

  #tellName(session: number, body: Uint8Array): void {
    const [name] = unpackSeri(body);
    const handle = typeof name === 'string' ? this.#names.get(name) : undefined;
    if (handle === undefined) this.#refuse(session, 'name not found');
    else this.#respond(session, packSeriShared([handle]));
  }

  #answer(session: number, error: SkynetError | undefined, body: Body | undefined): void {
    if (this.#connection.closed) return;
    if (error !== undefined) {
      this.#refuse(session, failureText(error));
      return;
    }
    try {
      this.#respond(session, body instanceof Uint8Array ? body : packSeriShared(body ?? []));
    } catch (thrown) {
      this.#refuse(session, failureText(thrown as Error));
    }
  }

  #respond(session: number, body: Uint8Array): void {
    this.#write(encodeResponse(session, body));
    if (isLargeResponse(body)) {
      this.#sent += body.length;
      this.#writer.writeParts(responseParts(session, body), body.length);
    }
    this.#hold();
  }

  #refuse(session: number, text: string): void {
    this.#write(encodeFailure(session, text));
    this.#hold();
  }

  #write(frame: Buffer): void {
    this.#sent += frame.length;
    this.#writer.write(frame);
  }

  /** Who does not read its answers gets no more. */
  #hold(): void {
    if (this.#isPaused || !this.#writer.isBackedUp) return;
    this.#isPaused = true;
    this.#connection.pause();
  }
}

const PREFIX = 'call failed: ';

/** The original's words stand at the end, as in what its nodes answer. */
function failureText(error: Error): string {
  const { message } = error;
  const reason = message.startsWith(PREFIX) ? message.slice(PREFIX.length) : message;
  return reason === '' ? 'call failed' : `${reason}: call failed`;
}
