import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { isBounded } from '../actor/bounded-mailbox.ts';
import { copyArgs } from '../codec/copy.ts';
import { errorToData } from '../codec/error.ts';
import { LinkDecoder } from '../codec/link-decoder.ts';
import { LinkEncoder } from '../codec/link-encoder.ts';
import { Region } from '../codec/region.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import { type Body, Message } from '../message.ts';
import { RecordReader, type RecordTaker } from './record-reader.ts';
import { type RingReader, RingWriter } from './ring.ts';
import { type Control, type Lent, type PeerSetup, placeOfBytes, RECORD, RECORD_HEAD } from './wire.ts';

/** Room asked for when the size of a body is not known before it is encoded. */
const GUESS = 2048;
/** First size of the buffer for bodies that do not fit in the ring. */
const LARGE = 1 << 18;
/** Waiting messages that are told of, as with those in a mailbox. */
const OVERLOAD = 1024;

/** Milliseconds after which large bodies are looked at that are kept until they are read. */
const FORGET = 100;

/** Who is told when messages wait for a thread that does not read. */
export interface OverloadSink {
  /** How many may wait; more requests and sends are refused. */
  readonly limit: number;
  /** So many wait; told at 1024, then each time they have doubled. */
  waiting(thread: number, length: number, to: Handle, message: Message): void;
  /** A message that was not taken, since so many wait already. */
  refused(thread: number, to: Handle, message: Message): void;
}

/** When this thread looks into its links. */
export interface Looks {
  /** Whether it will surely call {@link Link.read} before it can sleep. */
  readonly areDue: boolean;
}

/** Who takes what arrives. */
export interface LinkReceiver extends RecordTaker {
  readonly overload: OverloadSink;
}

/** Something that another thread has not read. */
export type Unread = { to: Handle; message: Message } | { control: Control };

/** What went through the port, and where its record stands in the ring. */
interface Kept {
  readonly position: number;
  readonly lent: Lent;
}

/**
 * This thread's end of the link to one other thread. What is posted goes straight into the ring, encoded there; when
 * the ring is full it waits here, in order, until the other side says that there is room.
 */
export class Link {
  readonly thread: number;
  readonly #writer: RingWriter;
  readonly #out: SharedArrayBuffer;
  readonly #records: RecordReader;
  readonly #reader: RingReader;
  readonly #outWords: DataView;
  readonly #encoder = new LinkEncoder();
  readonly #bell: MessagePort;
  readonly #bulk: MessagePort;
  readonly #receiver: LinkReceiver;
  readonly #looks: Looks;
  #waiting: Unread[] = [];
  #overload = OVERLOAD;
  #large: Region | undefined = undefined;
  /** What went through the port and the other thread has not read. */
  #kept: Kept[] = [];
  #forgetting: NodeJS.Timeout | undefined = undefined;
  /** Where the tables of the encoder began anew, as far as the other thread has not read that. */
  #resets: number[] = [];
  #resetCount = 0;

  constructor(setup: PeerSetup, receiver: LinkReceiver, looks: Looks, woken: () => void) {
    this.#looks = looks;
    this.thread = setup.thread;
    this.#writer = new RingWriter(setup.out);
    this.#out = setup.out;
    this.#records = new RecordReader(
      setup.thread,
      setup.in,
      new LinkDecoder(),
      () => receiveMessageOnPort(setup.bulk)?.message as Lent | undefined,
      receiver,
    );
    this.#reader = this.#records.ring;
    this.#outWords = this.#writer.region.view;
    this.#bell = setup.bell;
    this.#bulk = setup.bulk;
    this.#receiver = receiver;
    this.#bell.on('message', woken);
    this.#bell.unref();
  }

  // --- sending

  /** Sends a message; one that only passes through is never refused. @throws ERR_UNSERIALIZABLE. */
  post(to: Handle, message: Message, isPassedOn: boolean): void {
    if (this.#waiting.length > 0 || !this.#write(to, message)) {
      if (this.#waiting.length >= this.#receiver.overload.limit && isBounded(message) && !isPassedOn) {
        this.#receiver.overload.refused(this.thread, to, message);
        return;
      }
      const { type, session, source, body } = message;
      // What waits must not change under the sender's hands.
      const kept = Array.isArray(body) ? copyArgs([...body]) : body;
      this.#waiting.push({ to, message: new Message(type, session, source, kept as Body) });
      this.flush();
      this.#countWaiting(to, message);
    }
  }

  /** {@link post} of a message that is made only if it has to wait. @throws ERR_UNSERIALIZABLE. */
  postValues(to: Handle, type: number, session: number, source: Handle, values: readonly unknown[]): void {
    if (this.#waiting.length > 0 || !this.#values(RECORD.VALUES, type, session, source, to, values))
      this.post(to, new Message(type, session, source, values), false);
  }

  /** Sends a control record. */
  postControl(control: Control): void {
    if (this.#waiting.length > 0 || !this.#writeControl(control)) {
      this.#waiting.push({ control: kept(control) });
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

  #countWaiting(to: Handle, message: Message): void {
    const { length } = this.#waiting;
    if (length === 0) this.#overload = OVERLOAD;
    if (length < this.#overload) return;
    while (this.#overload <= length) this.#overload *= 2;
    this.#receiver.overload.waiting(this.thread, length, to, message);
  }

  #write(to: Handle, message: Message): boolean {
    const { body, type, session, source } = message;
    if (body instanceof Uint8Array) return this.#bytes(type, session, source, to, body);
    if (body instanceof SkynetError)
      return this.#values(RECORD.ERROR, type, session, source, to, [errorToData(body)]);
    return this.#values(RECORD.VALUES, type, session, source, to, body as unknown[]);
  }

  #writeControl(control: Control): boolean {
    if (control.op !== 'driver' || control.memories === undefined)
      return this.#values(RECORD.CONTROL, 0, 0, 0, 0, [control]);
    const { memories, ...rest } = control;
    return this.#values(RECORD.MEMORY, 0, 0, 0, 0, [rest], memories);
  }

  #values(
    kind: number,
    type: number,
    session: number,
    source: Handle,
    to: Handle,
    values: readonly unknown[],
    memories?: readonly SharedArrayBuffer[],
  ): boolean {
    const writer = this.#writer;
    let start = writer.reserve(Math.min(GUESS, writer.maxRecord));
    if (start < 0) return false;
    let end = this.#encoder.encode(values, writer.region, start + RECORD_HEAD, writer.limit);
    if (end < 0 && writer.limit - start < writer.maxRecord) {
      // It did not fit in front of the end of the memory: there may be more room at its beginning.
      start = writer.reserve(writer.maxRecord);
      if (start >= 0) end = this.#encoder.encode(values, writer.region, start + RECORD_HEAD, writer.limit);
    }
    if (end >= 0) {
      this.#noteReset();
      if (memories !== undefined) this.#lend(memories);
      this.#head(start, kind, type, session, source, to);
      this.#commit(end - start);
      return true;
    }
    return this.#largeValues(kind, type, session, source, to, values, memories);
  }

  /** The body did not fit in what is free: it may fit later, or never. */
  #largeValues(
    kind: number,
    type: number,
    session: number,
    source: Handle,
    to: Handle,
    values: readonly unknown[],
    memories: readonly SharedArrayBuffer[] | undefined,
  ): boolean {
    const start = this.#writer.reserve(RECORD_HEAD);
    if (start < 0) return false;
    for (;;) {
      this.#large ??= new Region(new ArrayBuffer(LARGE), 0, LARGE);
      const end = this.#encoder.encode(values, this.#large, 0, this.#large.bytes.length);
      if (end >= 0) {
        this.#noteReset();
        const body = this.#large.bytes.subarray(0, end);
        try {
          this.#postLarge(start, kind, type, session, source, to, body, memories);
        } catch (thrown) {
          // No memory for it. The other thread has not heard of the shapes in it.
          this.#encoder.beginAnew();
          throw thrown;
        }
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
      this.#postLarge(start, RECORD.BYTES, type, session, source, to, body);
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
    body: Uint8Array,
    memories?: readonly SharedArrayBuffer[],
  ): void {
    const bytes = new Uint8Array(new SharedArrayBuffer(body.length));
    bytes.set(body);
    this.#lend(bytes);
    if (memories !== undefined) this.#lend(memories);
    this.#head(start, kind | RECORD.LARGE, type, session, source, to);
    this.#commit(RECORD_HEAD);
  }

  /** Goes through the port in front of its record. */
  #lend(lent: Lent): void {
    this.#forget();
    this.#kept.push({ position: this.#writer.position, lent });
    this.#forgetting ??= setTimeout(() => this.#forgetLater(), FORGET).unref();
    this.#bulk.postMessage(lent);
  }

  /** Lets go of what is kept for the case that the other thread ends without having read it. */
  #forget(): void {
    const isRead = (position: number | undefined): boolean =>
      position !== undefined && this.#writer.hasPassed(position);
    while (isRead(this.#kept[0]?.position)) this.#kept.shift();
    while (isRead(this.#resets[0])) {
      this.#resets.shift();
      this.#encoder.forgetOldest();
    }
  }

  #forgetLater(): void {
    this.#forget();
    if (this.#kept.length > 0) this.#forgetting?.refresh();
    else this.#forgetting = undefined;
  }

  #noteReset(): void {
    if (this.#encoder.resets === this.#resetCount) return;
    this.#resetCount = this.#encoder.resets;
    this.#forget();
    this.#resets.push(this.#writer.position);
  }

  #head(start: number, kind: number, type: number, session: number, source: Handle, to: Handle): void {
    const words = this.#outWords;
    words.setInt32(start, kind | (type << 8), true);
    words.setInt32(start + 4, session, true);
    words.setInt32(start + 8, source, true);
    words.setInt32(start + 12, to, true);
  }

  #commit(size: number): void {
    const writer = this.#writer;
    if (this.#looks.areDue ? writer.publish(size) : writer.commit(size)) this.ring();
  }

  /** Wakes the other thread: costs tens of microseconds, so only when it sleeps. */
  ring(): void {
    this.#bell.postMessage(null);
  }

  // --- receiving

  /** Takes what has arrived, at most `limit` records. Returns how many. What was sent is known to the other thread then. */
  read(limit: number): number {
    if (!this.#writer.isConfirmed && this.#writer.confirm()) this.ring();
    const count = this.#reader.hasRecords ? this.#records.read(limit) : 0;
    if (this.#reader.writerWaits()) this.ring();
    return count;
  }

  /** Whether there is something to read, at a quick look. */
  get hasRecords(): boolean {
    return this.#reader.hasRecords;
  }

  /** Whether this thread may sleep as far as this link goes. */
  sleep(): boolean {
    if (!this.#reader.sleep()) return false;
    if (this.#reader.writerWaits()) this.ring();
    return true;
  }

  wake(): void {
    this.#reader.wake();
  }

  /**
   * The other thread is gone: reads what it sent before it ended. Then returns what was sent to it and that it has not
   * read, in order.
   */
  close(): Unread[] {
    this.#drain(this.#records);
    this.#bell.close();
    this.#bulk.close();
    clearTimeout(this.#forgetting);
    this.#forget();
    const unread: Unread[] = [];
    const collector: RecordTaker = {
      arrived: (to, message) => unread.push({ to, message }),
      control: (_from, control) => unread.push({ control }),
    };
    const decoder = new LinkDecoder(this.#encoder.oldestShapes);
    this.#drain(new RecordReader(this.thread, this.#out, decoder, () => this.#kept.shift()?.lent, collector));
    return unread.concat(this.#waiting.splice(0));
  }

  #drain(records: RecordReader): void {
    while (records.ring.hasRecords) {
      try {
        records.read(Number.POSITIVE_INFINITY);
      } catch (thrown) {
        // A body that never came may have told what others need: without it they cannot be read.
        if (!isSkynetError(thrown, 'ERR_SERI_MALFORMED')) throw thrown;
      }
    }
  }
}

/** A control record that waits: it must not change under the sender's hands either. */
function kept(control: Control): Control {
  return control.op === 'driver'
    ? { ...control, values: copyArgs([...control.values]) as unknown[] }
    : control;
}
