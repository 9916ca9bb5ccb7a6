import { type EndReason, type Handle, PTYPE, SkynetError } from '@skynet/core';
import { errorToData, type Message } from '@skynet/core/kernel';
import { MAX_STREAMS } from './arriving-parts.ts';
import { BodyEncoder, SHAPES } from './body.ts';
import { meshError } from './errors.ts';
import type { Link } from './link.ts';
import {
  CANCEL_SIZE,
  CLOCK_SIZE,
  FRAME_HEAD,
  FrameWriter,
  HOW,
  isLimited,
  KIND,
  LIMIT_SIZE,
  LIMITS,
  MESSAGE_HEAD,
  PART_HEAD,
  REASONS,
  writeCancel,
  writeMessage,
} from './record.ts';

/** Messages of more bytes travel in parts. */
const LARGE = 48 * 1024;
/** Bytes of a part. */
const PART = 32 * 1024;
/** A frame is sent at once when it has so many bytes, without waiting for the end of the turn. */
const FULL = 64 * 1024;
/** A large message on its way out. */
interface Stream {
  readonly number: number;
  readonly bytes: Buffer;
  sent: number;
  readonly pair: string;
}

/** A frame that waits for credit, and what it takes of that. */
interface Waiting {
  readonly frame: Buffer;
  readonly cost: number;
  /** Where the moment stands at which it leaves, 0 if nowhere. */
  readonly clockAt: number;
}

/** Limits beyond are none: moments have 32 bits. */
const MAX_LEFT = 0x7000_0000;

const NOTHING = new Uint8Array(0);

/**
 * What goes out over one link: many messages in a frame, a large one in parts between which others pass, each pair of services
 * in its order, and no more under way than the other side has room for.
 */
export class Outbox {
  readonly #link: Link;
  readonly #maxWaiting: number;
  readonly #encoder: BodyEncoder;
  readonly #hasLimits: boolean;
  readonly #writer = new FrameWriter();
  #isFlushing = false;
  #isOpen = false;
  #isClosed = false;
  /** What the other side lets be under way, and what is: of small messages, and of parts. */
  #credit = 0;
  #partCredit = 0;
  #peerMaxBody = 0;
  /** Frames that wait for credit, what each takes of it, and their bytes. */
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** What the frame under way takes of the credit. */
  #cost = 0;
  /** Where the frame under way says when it leaves, 0 if nowhere. */
  #clockAt = 0;
  /** Number of the next frame. */
  #number = 0;
  /** Large messages, the first few of them under way, and what waits behind them, by pair of services. */
  readonly #streams: Stream[] = [];
  readonly #held = new Map<string, Buffer[]>();
  #streamBytes = 0;
  #nextStream = 0;
  #turn = 0;
  /** Messages so far. */
  sent = 0;

  /** @param maxWaiting - bytes that may wait until the other side takes them. */
  constructor(link: Link, maxWaiting: number) {
    this.#link = link;
    this.#maxWaiting = maxWaiting;
    this.#encoder = new BodyEncoder(link.features.has(SHAPES));
    this.#hasLimits = link.features.has(LIMITS);
  }

  /** Bytes that wait for the other side. */
  get waitingBytes(): number {
    return this.#waitingBytes + this.#streamBytes;
  }

  /** Says what may be under way to this node, and the largest body that it takes. */
  sayOpen(credit: number, partCredit: number, maxBody: number): void {
    const at = this.#writer.reserve(13);
    const { memory } = this.#writer;
    memory[at] = KIND.OPEN;
    memory.writeUInt32LE(credit, at + 1);
    memory.writeUInt32LE(partCredit, at + 5);
    memory.writeUInt32LE(maxBody, at + 9);
    this.#flush();
  }

  /** The other side has said so. */
  opened(credit: number, partCredit: number, maxBody: number): void {
    this.#isOpen = true;
    this.#credit = credit;
    this.#partCredit = partCredit;
    this.#peerMaxBody = maxBody;
  }

  /**
   * Sends a message; whoever sent it waits for `left` milliseconds more.
   * @throws ERR_UNSERIALIZABLE, ERR_FRAME_TOO_LARGE, ERR_OVERLOADED when too much waits for the other side.
   */
  send(to: Handle, message: Message, left: number): void {
    const { body } = message;
    let how: number = HOW.NOTHING;
    let bytes: Uint8Array = NOTHING;
    if (message.type === PTYPE.ERROR) {
      how = HOW.ERROR;
      // Errors are not in the dictionary: it is for what comes often.
      if (body instanceof SkynetError) bytes = errors.encode([errorToData(body)], 0).bytes;
      else how = HOW.NOTHING;
    } else if (body instanceof Uint8Array) {
      how = Buffer.isBuffer(body) ? HOW.BUFFER : HOW.BYTES;
      bytes = body;
    } else {
      // What goes behind something large of the same pair is not encoded in the order of sending.
      const isBehind = this.#held.size > 0 && this.#held.has(pairOf(message.source, to));
      const encoded = this.#encoder.encode(body as readonly unknown[], isBehind ? 0 : LARGE);
      bytes = encoded.bytes;
      how = encoded.isAlone ? HOW.VALUES_ALONE : HOW.VALUES;
    }
    if (left < MAX_LEFT && this.#hasLimits) this.#put(to, message, how, bytes, momentNow() + Math.ceil(left));
    else this.#put(to, message, how, bytes);
  }

  #put(to: Handle, message: Message, how: number, bytes: Uint8Array, deadline?: number): void {
    const size = MESSAGE_HEAD + bytes.length + (deadline === undefined ? 0 : LIMIT_SIZE);
    const waiting = this.#waitingBytes + this.#streamBytes;
    const isTooLarge = bytes.length > this.#peerMaxBody;
    if (isTooLarge || waiting + size > this.#maxWaiting) {
      // Shapes that were defined in it are not known there.
      if (how === HOW.VALUES) this.#encoder.forget();
      throw isTooLarge ? tooLarge(bytes.length, this.#peerMaxBody) : busy(this.#link.peer.id, waiting);
    }
    this.sent++;
    // Only values that are complete in themselves, and bytes, may be taken out of the order of sending.
    const isLarge = size > LARGE && how !== HOW.VALUES;
    if (isLarge || this.#held.size > 0) {
      const pair = pairOf(message.source, to);
      const held = this.#held.get(pair);
      if (held !== undefined || isLarge) {
        const record = Buffer.allocUnsafe(size);
        writeMessage(record, 0, to, message, how, bytes, deadline);
        this.#streamBytes += size;
        if (held !== undefined) held.push(record);
        else {
          this.#held.set(pair, []);
          this.#begin(pair, record);
        }
        return;
      }
    }
    if (deadline !== undefined) this.#addClock();
    const at = this.#writer.reserve(size);
    writeMessage(this.#writer.memory, at, to, message, how, bytes, deadline);
    this.#cost += size;
    if (this.#writer.length >= FULL) this.#flush();
    else this.#flushLater();
  }

  #begin(pair: string, bytes: Buffer): void {
    this.#streams.push({ number: this.#nextStream, bytes, sent: 0, pair });
    this.#nextStream = (this.#nextStream + 1) >>> 0;
    this.#flushLater();
  }

  /** The frame under way is to say when it leaves. */
  #addClock(): void {
    if (this.#clockAt !== 0) return;
    this.#clockAt = FRAME_HEAD + this.#writer.length + 1;
    const at = this.#writer.reserve(CLOCK_SIZE);
    this.#writer.memory[at] = KIND.CLOCK;
  }

  /** Nobody waits any more for the answer to a request that was sent. */
  cancel(to: Handle, source: Handle, session: number): void {
    if (!this.#hasLimits) return;
    const held = this.#held.size === 0 ? undefined : this.#held.get(pairOf(source, to));
    // Behind the request, wherever that is.
    if (held !== undefined) {
      const record = Buffer.allocUnsafe(CANCEL_SIZE);
      writeCancel(record, 0, to, source, session);
      this.#streamBytes += CANCEL_SIZE;
      held.push(record);
      return;
    }
    const at = this.#writer.reserve(CANCEL_SIZE);
    writeCancel(this.#writer.memory, at, to, source, session);
    this.#cost += CANCEL_SIZE;
    this.#flushLater();
  }

  watch(handle: Handle): void {
    const at = this.#writer.reserve(5);
    this.#writer.memory[at] = KIND.WATCH;
    this.#writer.memory.writeUInt32LE(handle, at + 1);
    this.#cost += 5;
    this.#flushLater();
  }

  gone(handle: Handle, reason: EndReason): void {
    const at = this.#writer.reserve(6);
    this.#writer.memory[at] = KIND.GONE;
    this.#writer.memory.writeUInt32LE(handle, at + 1);
    this.#writer.memory[at + 5] = Math.max(0, (REASONS as readonly string[]).indexOf(reason));
    this.#cost += 6;
    this.#flushLater();
  }

  #flushLater(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(this.#flushNow);
  }

  readonly #flushNow = (): void => {
    this.#isFlushing = false;
    this.#flush();
  };

  /** Sends the frame under way, as far as there is credit, and parts of what is large. */
  #flush(): void {
    if (this.#isClosed) return;
    this.#cut();
    if (!this.#isOpen) return;
    // What is large does not pass what was sent before and waits.
    while (this.#streams.length > 0 && this.#partCredit > 0 && this.#waiting.length === 0) {
      this.#sendPart();
      this.#cut();
    }
  }

  /** Ends the frame under way: it goes, or it waits. Parts and what is about the link itself take no credit. */
  #cut(): void {
    if (this.#writer.length === 0) return;
    const cost = this.#cost;
    const clockAt = this.#clockAt;
    this.#cost = 0;
    this.#clockAt = 0;
    const frame = this.#writer.take();
    if (cost > 0 && (this.#waiting.length > 0 || this.#credit <= 0)) {
      this.#waiting.push({ frame, cost, clockAt });
      this.#waitingBytes += frame.length;
    } else this.#transmit(frame, cost, clockAt);
  }

  #transmit(frame: Buffer, cost: number, clockAt: number): void {
    this.#credit -= cost;
    if (clockAt !== 0) frame.writeUInt32LE(momentNow() >>> 0, clockAt);
    frame.writeUInt32LE(this.#number, 0);
    this.#number = (this.#number + 1) >>> 0;
    this.#link.send(frame);
  }

  #sendPart(): void {
    const under = Math.min(this.#streams.length, MAX_STREAMS);
    const at = this.#turn++ % under;
    const stream = this.#streams[at] as Stream;
    const size = Math.min(PART, stream.bytes.length - stream.sent);
    if (stream.sent + size === stream.bytes.length && isLimited(stream.bytes)) this.#addClock();
    const pos = this.#writer.reserve(PART_HEAD + size);
    const { memory } = this.#writer;
    memory[pos] = KIND.PART;
    memory.writeUInt32LE(stream.number, pos + 1);
    memory.writeUInt32LE(stream.bytes.length, pos + 5);
    memory.writeUInt32LE(size, pos + 9);
    memory.set(stream.bytes.subarray(stream.sent, stream.sent + size), pos + PART_HEAD);
    stream.sent += size;
    this.#partCredit -= size;
    this.#streamBytes -= size;
    if (stream.sent === stream.bytes.length) {
      this.#streams.splice(at, 1);
      this.#follow(stream.pair);
    }
  }

  /** Something large is gone: what waited behind it, up to the next that is large. */
  #follow(pair: string): void {
    const held = this.#held.get(pair) ?? [];
    while (held.length > 0) {
      const record = held.shift() as Buffer;
      if (record.length > LARGE) {
        this.#begin(pair, record);
        return;
      }
      this.#streamBytes -= record.length;
      if (isLimited(record)) this.#addClock();
      const at = this.#writer.reserve(record.length);
      this.#writer.memory.set(record, at);
      this.#cost += record.length;
      // Much may have waited, and no peer takes a frame of any size.
      if (this.#writer.length >= FULL) this.#cut();
    }
    this.#held.delete(pair);
  }

  /** Lets the other side send as much again as has been taken. */
  grant(taken: number, takenParts: number): void {
    // By itself: what it would stand behind may have to wait for the same of the other side.
    this.#cut();
    const at = this.#writer.reserve(9);
    const { memory } = this.#writer;
    memory[at] = KIND.CREDIT;
    memory.writeUInt32LE(taken, at + 1);
    memory.writeUInt32LE(takenParts, at + 5);
    this.#cut();
  }

  /** The other side has taken so much: what waits goes. */
  granted(credit: number, partCredit: number): void {
    this.#credit += credit;
    this.#partCredit += partCredit;
    let count = 0;
    while (count < this.#waiting.length && this.#credit > 0) {
      const { frame, cost, clockAt } = this.#waiting[count++] as Waiting;
      this.#waitingBytes -= frame.length;
      this.#transmit(frame, cost, clockAt);
    }
    if (count > 0) this.#waiting.splice(0, count);
    if (this.#streams.length > 0) this.#flushLater();
  }

  /** Nothing goes any more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#streams.length = 0;
    this.#streamBytes = 0;
    this.#held.clear();
  }
}

/** Errors are complete in themselves. */
const errors = new BodyEncoder(false);

/** Whole milliseconds of the clock by which deadlines are told to other nodes. */
function momentNow(): number {
  return Math.floor(performance.now());
}

function pairOf(source: Handle, to: Handle): string {
  return `${source}>${to}`;
}

function tooLarge(size: number, limit: number): SkynetError {
  return new SkynetError(
    'ERR_FRAME_TOO_LARGE',
    `a message of ${size} bytes is above the ${limit} bytes that one to another node can have`,
    { details: { size, limit } },
  );
}

function busy(id: number, waiting: number): SkynetError {
  return meshError('ERR_OVERLOADED', `${waiting} bytes wait for node ${id} already`, {
    details: { harbor: id, waiting },
  });
}
