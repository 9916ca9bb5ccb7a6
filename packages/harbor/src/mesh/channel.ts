import { type EndReason, formatHandle, type Handle, PTYPE, SkynetError } from '@skynet/core';
import { errorFromData, Message } from '@skynet/core/kernel';
import { ArrivingParts } from './arriving-parts.ts';
import { BodyDecoder } from './body.ts';
import { meshError } from './errors.ts';
import type { Link } from './link.ts';
import { Outbox } from './outbox.ts';
import { PeerClock } from './peer-clock.ts';
import { FRAME_HEAD, HOW, KIND, LIMIT_SIZE, LIMITED, MESSAGE_HEAD, REASONS, RECORD_SIZES } from './record.ts';

/** How much may be under way, and wait. */
export interface ChannelLimits {
  /** Bytes of small messages that may be under way to this node. */
  readonly credit: number;
  /** Bytes of parts of large messages that may be under way to this node. */
  readonly partCredit: number;
  /** The largest body, in bytes. */
  readonly maxBody: number;
  /** Bytes that may wait here until the other side takes them. */
  readonly maxWaiting: number;
}

/** Who gets what a channel brings. */
export interface ChannelOwner {
  /** The other side is ready: messages go. */
  opened(channel: Channel): void;
  /** `left`: milliseconds for which whoever sent it still waits, infinite without a limit. */
  message(to: Handle, message: Message, left: number): void;
  /** Nobody waits any more for the answer to a request that has come before. */
  cancel(to: Handle, source: Handle, session: number): void;
  /** A service of this node is watched by the other. */
  watch(handle: Handle): void;
  /** A service of the other node is gone. */
  gone(handle: Handle, reason: EndReason): void;
  closed(channel: Channel, reason: SkynetError): void;
}

/**
 * Messages over one link, both ways: many in a frame, a large one in parts between which others pass, each pair of services in
 * its order, and no more under way than the other side has room for.
 */
export class Channel {
  readonly link: Link;
  readonly #owner: ChannelOwner;
  readonly #limits: ChannelLimits;
  readonly #out: Outbox;
  readonly #decoder = new BodyDecoder();
  /** The other side's clock, by which it tells deadlines. */
  readonly #theirClock = new PeerClock();
  #isOpen = false;
  #isClosed = false;
  #hasSaidOpen = false;
  /** What is coming. */
  readonly #arriving: ArrivingParts;
  #expected = 0;
  #taken = 0;
  #takenParts = 0;
  /** Messages that have come. */
  received = 0;

  constructor(link: Link, limits: ChannelLimits, owner: ChannelOwner) {
    this.link = link;
    this.#limits = { ...limits, ...bounded(limits, link.maxCredit) };
    this.#owner = owner;
    this.#arriving = new ArrivingParts(limits.maxBody);
    this.#out = new Outbox(link, limits.maxWaiting);
    link.start({
      frame: (bytes) => this.#frame(bytes),
      closed: (reason) => this.#close(reason),
    });
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isClosed;
  }

  /** Bytes that wait for the other side. */
  get waitingBytes(): number {
    return this.#out.waitingBytes + this.link.pendingBytes;
  }

  /** Messages that were sent. */
  get sent(): number {
    return this.#out.sent;
  }

  /** Says that this is the channel; the other side says so, too. */
  open(): void {
    if (this.#hasSaidOpen) return;
    this.#hasSaidOpen = true;
    const { credit, partCredit, maxBody } = this.#limits;
    this.#out.sayOpen(credit, partCredit, maxBody);
  }

  close(reason: SkynetError): void {
    if (!this.#isClosed) this.link.close(reason);
  }

  // --- out

  /**
   * Sends a message; whoever sent it waits for `left` milliseconds more.
   * @throws ERR_UNSERIALIZABLE, ERR_FRAME_TOO_LARGE, ERR_OVERLOADED when too much waits for the other side.
   */
  send(to: Handle, message: Message, left: number = Number.POSITIVE_INFINITY): void {
    this.#out.send(to, message, left);
  }

  /** Nobody waits any more for the answer to a request that was sent. */
  cancel(to: Handle, source: Handle, session: number): void {
    this.#out.cancel(to, source, session);
  }

  watch(handle: Handle): void {
    this.#out.watch(handle);
  }

  gone(handle: Handle, reason: EndReason): void {
    this.#out.gone(handle, reason);
  }

  // --- in

  #frame(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    try {
      this.#read(bytes);
    } catch (error) {
      this.link.close(
        error instanceof SkynetError && error.code === 'ERR_LINK_GAP'
          ? error
          : meshError('ERR_LINK_PROTOCOL', `node ${this.link.peer.id} sends nonsense: ${describe(error)}`, {
              cause: error,
            }),
      );
    }
  }

  #read(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length < FRAME_HEAD) throw malformed('a frame without a number');
    const view = new DataView(bytes.buffer, bytes.byteOffset, length);
    const number = view.getUint32(0, true);
    if (number !== this.#expected)
      throw meshError('ERR_LINK_GAP', `frame ${this.#expected} of node ${this.link.peer.id} is missing`);
    this.#expected = (this.#expected + 1) >>> 0;
    let pos = FRAME_HEAD;
    while (pos < length && !this.#isClosed) pos = this.#record(bytes, view, pos);
    if (this.#taken >= this.#limits.credit >> 2 || this.#takenParts >= this.#limits.partCredit >> 2)
      this.#grant();
  }

  #record(bytes: Uint8Array, view: DataView, pos: number): number {
    const kind = bytes[pos];
    if (kind === KIND.MESSAGE) {
      const end = this.#message(bytes, view, pos);
      this.#taken += end - pos;
      return end;
    }
    const size = RECORD_SIZES[kind as number];
    if (size === undefined || pos + size > bytes.length) throw malformed(`a record of kind ${kind}`);
    switch (kind) {
      case KIND.OPEN:
        this.#peerOpened(
          view.getUint32(pos + 1, true),
          view.getUint32(pos + 5, true),
          view.getUint32(pos + 9, true),
        );
        break;
      case KIND.CREDIT:
        this.#out.granted(view.getUint32(pos + 1, true), view.getUint32(pos + 5, true));
        break;
      case KIND.WATCH:
        this.#taken += size;
        this.#owner.watch(view.getUint32(pos + 1, true));
        break;
      case KIND.CLOCK:
        this.#theirClock.saw(view.getUint32(pos + 1, true), performance.now());
        break;
      case KIND.CANCEL:
        this.#taken += size;
        this.#owner.cancel(
          view.getUint32(pos + 1, true),
          view.getUint32(pos + 5, true),
          view.getUint32(pos + 9, true),
        );
        break;
      case KIND.GONE:
        this.#taken += size;
        this.#owner.gone(view.getUint32(pos + 1, true), REASONS[bytes[pos + 5] as number] ?? 'unknown');
        break;
      default:
        return this.#part(bytes, view, pos);
    }
    return pos + size;
  }

  #peerOpened(credit: number, partCredit: number, maxBody: number): void {
    if (this.#isOpen) throw malformed('it is open already');
    this.#isOpen = true;
    this.#out.opened(credit, partCredit, Math.min(maxBody, this.#limits.maxBody));
    this.open();
    this.#owner.opened(this);
  }

  #message(bytes: Uint8Array, view: DataView, pos: number): number {
    if (pos + MESSAGE_HEAD > bytes.length) throw malformed('a message that is cut off');
    if (!this.#hasSaidOpen) throw malformed('a message before it is open');
    const size = view.getUint32(pos + 15, true);
    const marks = bytes[pos + 2] as number;
    const hasLimit = (marks & LIMITED) !== 0;
    const start = pos + MESSAGE_HEAD + (hasLimit ? LIMIT_SIZE : 0);
    if (size > bytes.length - start) throw malformed(`a message of ${size} bytes, which it has not`);
    const type = bytes[pos + 1] as number;
    const how = marks & ~LIMITED;
    const left = hasLimit ? this.#left(view.getUint32(pos + MESSAGE_HEAD, true)) : Number.POSITIVE_INFINITY;
    const to = view.getUint32(pos + 11, true);
    const source = view.getUint32(pos + 7, true);
    const body = this.#body(type, how, source, bytes.subarray(start, start + size));
    this.received++;
    this.#owner.message(to, new Message(type, view.getUint32(pos + 3, true), source, body), left);
    return start + size;
  }

  #left(deadline: number): number {
    const left = this.#theirClock.until(deadline, performance.now());
    if (left === undefined) throw malformed('a deadline without a clock');
    return left;
  }

  #body(type: number, how: number, source: Handle, bytes: Uint8Array): Message['body'] {
    if ((type === PTYPE.ERROR) !== (how === HOW.ERROR || how === HOW.NOTHING))
      throw malformed('no body of its type');
    switch (how) {
      case HOW.VALUES:
        return this.#decoder.decode(bytes, false);
      case HOW.VALUES_ALONE:
        return this.#decoder.decode(bytes, true);
      case HOW.BUFFER:
        return Buffer.from(bytes);
      case HOW.BYTES:
        return new Uint8Array(bytes);
      case HOW.ERROR:
        return readError(this.#decoder.decode(bytes, true)[0]);
      case HOW.NOTHING:
        return new SkynetError('ERR_REMOTE', `call failed: by ${formatHandle(source)} in another node`, {
          details: { service: formatHandle(source) },
        });
      default:
        throw malformed(`a body of kind ${how}`);
    }
  }

  #part(bytes: Uint8Array, view: DataView, pos: number): number {
    const arriving = this.#arriving;
    const whole = arriving.take(bytes, view, pos);
    this.#takenParts += arriving.size;
    if (whole === undefined) return arriving.end;
    const end = this.#message(whole, new DataView(whole.buffer, whole.byteOffset, whole.length), 0);
    if (end !== whole.length) throw malformed('parts of more than one message');
    return arriving.end;
  }

  /** Lets the other side send as much again as has been taken. */
  #grant(): void {
    this.#out.grant(this.#taken, this.#takenParts);
    this.#taken = 0;
    this.#takenParts = 0;
  }

  #close(reason: SkynetError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#out.close();
    this.#arriving.clear();
    this.#owner.closed(this, reason);
  }
}

/** What may be under way over a link that takes no more. */
function bounded(
  { credit, partCredit }: ChannelLimits,
  maxCredit: number = Number.POSITIVE_INFINITY,
): Pick<ChannelLimits, 'credit' | 'partCredit'> {
  return { credit: Math.min(credit, maxCredit), partCredit: Math.min(partCredit, maxCredit) };
}

/** An error of another node, whatever it sent. */
function readError(data: unknown): SkynetError {
  const isError =
    typeof data === 'object' &&
    data !== null &&
    typeof (data as { message?: unknown }).message === 'string' &&
    typeof (data as { name?: unknown }).name === 'string';
  if (!isError) throw malformed('an error that is none');
  const error = errorFromData(data as Parameters<typeof errorFromData>[0]);
  return error instanceof SkynetError
    ? error
    : new SkynetError('ERR_REMOTE', error.message, { cause: error });
}

function malformed(what: string): SkynetError {
  return meshError('ERR_LINK_PROTOCOL', what);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
