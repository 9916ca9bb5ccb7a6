import { type ErrorData, errorFromData } from '../codec/error.ts';
import type { LinkDecoder } from '../codec/link-decoder.ts';
import { Region } from '../codec/region.ts';
import type { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import { Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import { RingReader } from './ring.ts';
import { type Control, type Lent, placeOfBytes, RECORD, RECORD_HEAD } from './wire.ts';

type Driver = Extract<Control, { op: 'driver' }>;

/** Who takes what is read. */
export interface RecordTaker {
  /** A message for a service. */
  arrived(to: Handle, message: Message, from: number): void;
  /** A control record. */
  control(from: number, control: Control): void;
}

/** Reads the records of a ring. */
export class RecordReader {
  readonly ring: RingReader;
  readonly #thread: number;
  readonly #words: DataView;
  readonly #decoder: LinkDecoder;
  readonly #lent: () => Lent | undefined;
  readonly #taker: RecordTaker;
  readonly #take = (start: number, end: number): void => this.#record(start, end);

  /** `lent` gives what came through the port next, if it is there. */
  constructor(
    thread: number,
    memory: SharedArrayBuffer,
    decoder: LinkDecoder,
    lent: () => Lent | undefined,
    taker: RecordTaker,
  ) {
    this.ring = new RingReader(memory);
    this.#thread = thread;
    this.#words = this.ring.region.view;
    this.#decoder = decoder;
    this.#lent = lent;
    this.#taker = taker;
  }

  /** Takes at most `limit` records. Returns how many. */
  read(limit: number): number {
    return this.ring.read(this.#take, limit);
  }

  #record(start: number, end: number): void {
    const words = this.#words;
    const first = words.getInt32(start, true);
    const kind = first & 0xff;
    const type = (first >>> 8) & 0xff;
    const session = words.getInt32(start + 4, true);
    const source = words.getInt32(start + 8, true) >>> 0;
    const to = words.getInt32(start + 12, true) >>> 0;
    const plain = kind & ~RECORD.LARGE;
    let region = this.ring.region;
    let from = start + RECORD_HEAD;
    let until = end;
    if (kind !== plain) {
      const body = this.#lent() as Uint8Array | undefined;
      // Its sender is gone and took it along.
      if (body === undefined) return;
      if (plain === RECORD.BYTES) {
        this.#taker.arrived(to, new Message(type, session, source, body.slice()), this.#thread);
        return;
      }
      region = new Region(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength);
      from = 0;
      until = body.byteLength;
    } else if (plain === RECORD.BYTES) {
      const bytes = region.bytes.slice(placeOfBytes(start), until);
      this.#taker.arrived(to, new Message(type, session, source, bytes), this.#thread);
      return;
    }
    const values = this.#decoder.decode(region, from, until);
    if (plain === RECORD.VALUES)
      this.#taker.arrived(to, new Message(type, session, source, values), this.#thread);
    else if (plain === RECORD.ERROR) {
      const error = errorFromData(values[0] as ErrorData) as SkynetError;
      this.#taker.arrived(to, new Message(PTYPE.ERROR, session, source, error), this.#thread);
    } else {
      // Whatever it leads to, the sender must not think that it was never read.
      this.ring.pass();
      const control = values[0] as Control;
      if (plain !== RECORD.MEMORY) this.#taker.control(this.#thread, control);
      else this.#withMemory(control as Driver, this.#lent() as readonly SharedArrayBuffer[] | undefined);
    }
  }

  #withMemory(control: Driver, memories: readonly SharedArrayBuffer[] | undefined): void {
    // Its sender is gone and took it along.
    if (memories !== undefined) this.#taker.control(this.#thread, { ...control, memories });
  }
}
