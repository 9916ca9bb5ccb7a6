import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { copyArgs } from '../codec/copy.ts';
import { type ErrorData, errorFromData, errorToData } from '../codec/error.ts';
import { LinkDecoder, LinkEncoder } from '../codec/link.ts';
import { Region } from '../codec/region.ts';
import { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import { type Body, Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import { RingReader, RingWriter } from './ring.ts';
import { type Control, type PeerSetup, RECORD, RECORD_HEAD } from './wire.ts';

/** Room asked for when the size of a body is not known before it is encoded. */
const GUESS = 2048;
/** First size of the buffer for bodies that do not fit in the ring. */
const LARGE = 1 << 18;

/** Who takes what arrives. */
export interface LinkReceiver {
  /** A message for a service of this thread. */
  arrived(to: Handle, message: Message): void;
  /** A control record. */
  control(from: number, control: Control): void;
}

/** Something that waits because the ring was full. */
type Waiting = { to: Handle; message: Message } | { control: Control };

/**
 * This thread's end of the link to one other thread. What is posted goes straight into the ring, encoded there; when
 * the ring is full it waits here, in order, until the other side says that there is room.
 */
export class Link {
  readonly thread: number;
  readonly #writer: RingWriter;
  readonly #reader: RingReader;
  readonly #outWords: DataView;
  readonly #inWords: DataView;
  readonly #encoder = new LinkEncoder();
  readonly #decoder = new LinkDecoder();
  readonly #bell: MessagePort;
  readonly #bulk: MessagePort;
  readonly #receiver: LinkReceiver;
  #waiting: Waiting[] = [];
  #large: Region | undefined = undefined;
  readonly #take = (start: number, end: number): void => this.#record(start, end);

  constructor(setup: PeerSetup, receiver: LinkReceiver, woken: () => void) {
    this.thread = setup.thread;
    this.#writer = new RingWriter(setup.out);
    this.#reader = new RingReader(setup.in);
    this.#outWords = this.#writer.region.view;
    this.#inWords = this.#reader.region.view;
    this.#bell = setup.bell;
    this.#bulk = setup.bulk;
    this.#receiver = receiver;
    this.#bell.on('message', woken);
    this.#bell.unref();
  }

  // --- sending

  /** Sends a message. @throws ERR_UNSERIALIZABLE. */
  post(to: Handle, message: Message): void {
    if (this.#waiting.length > 0 || !this.#write(to, message)) {
      const { type, session, source, body } = message;
      // What waits must not change under the sender's hands.
      const kept = Array.isArray(body) ? copyArgs([...body]) : body;
      this.#waiting.push({ to, message: new Message(type, session, source, kept as Body) });
      this.flush();
    }
  }

  /** Sends a control record. */
  postControl(control: Control): void {
    if (this.#waiting.length > 0 || !this.#writeControl(control)) {
      this.#waiting.push({ control });
      this.flush();
    }
  }

  /** Sends what waits, as far as there is room; the other side is asked to tell when there is more. */
  flush(): void {
    while (this.#waiting.length > 0) {
      let sent = 0;
      for (const entry of this.#waiting) {
        if (!('control' in entry ? this.#writeControl(entry.control) : this.#write(entry.to, entry.message)))
          break;
        sent++;
      }
      this.#waiting.splice(0, sent);
      if (this.#waiting.length > 0 && this.#writer.waitForRoom()) return;
    }
  }

  #write(to: Handle, message: Message): boolean {
    const { body, type, session, source } = message;
    if (body instanceof Uint8Array) return this.#bytes(type, session, source, to, body);
    if (body instanceof SkynetError)
      return this.#values(RECORD.ERROR, type, session, source, to, [errorToData(body)]);
    return this.#values(RECORD.VALUES, type, session, source, to, body as unknown[]);
  }

  #writeControl(control: Control): boolean {
    return this.#values(RECORD.CONTROL, 0, 0, 0, 0, [control]);
  }

  #values(
    kind: number,
    type: number,
    session: number,
    source: Handle,
    to: Handle,
    values: readonly unknown[],
  ): boolean {
    const writer = this.#writer;
    const start = writer.reserve(Math.min(GUESS, writer.maxRecord));
    if (start < 0) return false;
    const end = this.#encoder.encode(values, writer.region, start + RECORD_HEAD, writer.limit);
    if (end >= 0) {
      this.#head(start, kind, type, session, source, to);
      this.#commit(end - start);
      return true;
    }
    return this.#largeValues(kind, type, session, source, to, values);
  }

  /** The body did not fit in what is free: it may fit later, or never. */
  #largeValues(
    kind: number,
    type: number,
    session: number,
    source: Handle,
    to: Handle,
    values: readonly unknown[],
  ): boolean {
    const start = this.#writer.reserve(RECORD_HEAD);
    if (start < 0) return false;
    for (;;) {
      this.#large ??= new Region(new ArrayBuffer(LARGE), 0, LARGE);
      const end = this.#encoder.encode(values, this.#large, 0, this.#large.bytes.length);
      if (end >= 0) {
        const bytes = this.#large.bytes.slice(0, end);
        this.#postLarge(start, kind, type, session, source, to, bytes);
        if (this.#large.bytes.length > LARGE * 16) this.#large = undefined;
        return true;
      }
      const size = this.#large.bytes.length * 4;
      this.#large = new Region(new ArrayBuffer(size), 0, size);
    }
  }

  #bytes(type: number, session: number, source: Handle, to: Handle, body: Uint8Array): boolean {
    const writer = this.#writer;
    const size = RECORD_HEAD + 7 + body.length;
    const isLarge = size > writer.maxRecord / 2;
    const start = writer.reserve(isLarge ? RECORD_HEAD : size);
    if (start < 0) return false;
    if (isLarge) {
      this.#postLarge(start, RECORD.BYTES, type, session, source, to, new Uint8Array(body));
      return true;
    }
    const at = placeOfBytes(start);
    writer.region.bytes.set(body, at);
    this.#head(start, RECORD.BYTES, type, session, source, to);
    this.#commit(at + body.length - start);
    return true;
  }

  /** The body goes through the port before its record is published: whoever reads the record finds it there. */
  #postLarge(
    start: number,
    kind: number,
    type: number,
    session: number,
    source: Handle,
    to: Handle,
    bytes: Uint8Array,
  ): void {
    this.#bulk.postMessage(bytes, [bytes.buffer as ArrayBuffer]);
    this.#head(start, kind | RECORD.LARGE, type, session, source, to);
    this.#commit(RECORD_HEAD);
  }

  #head(start: number, kind: number, type: number, session: number, source: Handle, to: Handle): void {
    const words = this.#outWords;
    words.setInt32(start, kind | (type << 8), true);
    words.setInt32(start + 4, session, true);
    words.setInt32(start + 8, source, true);
    words.setInt32(start + 12, to, true);
  }

  #commit(size: number): void {
    if (this.#writer.commit(size)) this.ring();
  }

  /** Wakes the other thread: costs tens of microseconds, so only when it sleeps. */
  ring(): void {
    this.#bell.postMessage(null);
  }

  // --- receiving

  /** Takes what has arrived, at most `limit` records. Returns how many. */
  read(limit: number): number {
    if (!this.#reader.hasRecords) return 0;
    const count = this.#reader.read(this.#take, limit);
    if (this.#reader.writerWaits()) this.ring();
    return count;
  }

  /** Whether this thread may sleep as far as this link goes. */
  sleep(): boolean {
    return this.#reader.sleep();
  }

  wake(): void {
    this.#reader.wake();
  }

  #record(start: number, end: number): void {
    const words = this.#inWords;
    const first = words.getInt32(start, true);
    const kind = first & 0xff;
    const type = (first >>> 8) & 0xff;
    const session = words.getInt32(start + 4, true);
    const source = words.getInt32(start + 8, true) >>> 0;
    const to = words.getInt32(start + 12, true) >>> 0;
    const plain = kind & ~RECORD.LARGE;
    let region = this.#reader.region;
    let from = start + RECORD_HEAD;
    let until = end;
    if (kind !== plain) {
      const { message } = receiveMessageOnPort(this.#bulk) as { message: Uint8Array };
      if (plain === RECORD.BYTES) {
        this.#receiver.arrived(to, new Message(type, session, source, message));
        return;
      }
      region = new Region(message.buffer as ArrayBuffer, message.byteOffset, message.byteLength);
      from = 0;
      until = message.byteLength;
    } else if (plain === RECORD.BYTES) {
      this.#receiver.arrived(
        to,
        new Message(type, session, source, region.bytes.slice(placeOfBytes(start), until)),
      );
      return;
    }
    const values = this.#decoder.decode(region, from, until);
    if (plain === RECORD.VALUES) this.#receiver.arrived(to, new Message(type, session, source, values));
    else if (plain === RECORD.ERROR) {
      this.#receiver.arrived(
        to,
        new Message(PTYPE.ERROR, session, source, errorFromData(values[0] as ErrorData) as SkynetError),
      );
    } else this.#receiver.control(this.thread, values[0] as Control);
  }

  /** The other thread is gone: what still waits will never arrive. */
  close(): Message[] {
    this.#bell.close();
    this.#bulk.close();
    return this.#waiting.splice(0).flatMap((entry) => ('message' in entry ? [entry.message] : []));
  }
}

/** Where the bytes of a record begin. A copy from or to shared memory goes byte by byte unless it is aligned. */
function placeOfBytes(start: number): number {
  return (start + RECORD_HEAD + 7) & ~7;
}
