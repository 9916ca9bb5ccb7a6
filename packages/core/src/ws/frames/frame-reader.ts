import { readWord } from '../../crypt/bytes.ts';
import { CLOSE, isCloseCode, MAX_CONTROL, OP } from './frame.ts';
import { maskBehind, unmask, unmaskedCopy, unmaskWithin } from './masking.ts';
import { PartialPayload } from './partial-payload.ts';
import { checkUtf8 } from './utf8.ts';

/** What a {@link FrameReader} has read. */
export const READ = {
  /** Nothing more: the chunk is used up, or the last word has come. */
  NOTHING: 0,
  TEXT: 1,
  BINARY: 2,
  PING: 3,
  PONG: 4,
  /** The last word: {@link FrameReader.code}, and the reason as payload. */
  CLOSE: 5,
  /** The last word: {@link FrameReader.violation}. */
  VIOLATION: 6,
} as const;
/** One of {@link READ}. */
export type ReadEvent = (typeof READ)[keyof typeof READ];

/** What frames a reader takes, and how it gives what is in them. */
export interface FrameRules {
  /** Whether frames have to be masked, must not be, or either. */
  readonly masking: 'required' | 'forbidden' | 'any';
  /** Most bytes of a message. */
  readonly limit: number;
  /**
   * Whose the payloads are. `reader`: they lie in the chunk, which is written to, or in memory of the reader, and are valid
   * until the next read; binary messages behind one another are given as one. `receiver`: chunks stay as they are, and
   * each payload is in memory of its own.
   */
  readonly memory: 'reader' | 'receiver';
}

/** Why a connection has to fail. */
export interface Violation {
  /** What the peer is to be told; the same that the library `ws` tells. */
  readonly closeCode: number;
  /** Whether RFC 6455 forbids it, whatever the limits are. */
  readonly forbidden: boolean;
  /** The library `ws` has the same names. */
  readonly reason: string;
  /** The same for people. */
  readonly text: string;
}

/** Frames that a message may come in. */
const MAX_FRAGMENTS = 16_384;
const HEAD = 14;
const FIN_BINARY = 0x82;
const MASKED = 0x80;
const NOTHING = new Uint8Array(0);

function violation(closeCode: number, reason: string, text: string): Violation {
  const forbidden = closeCode === CLOSE.PROTOCOL || closeCode === CLOSE.NOT_UTF8;
  return { closeCode, forbidden, reason: `WS_ERR_${reason}`, text };
}

const V = {
  RESERVED: violation(CLOSE.PROTOCOL, 'UNEXPECTED_RSV_2_3', 'reserved bits are set'),
  COMPRESSED: violation(CLOSE.PROTOCOL, 'UNEXPECTED_RSV_1', 'reserved bits are set'),
  UNKNOWN: violation(CLOSE.PROTOCOL, 'INVALID_OPCODE', 'an unknown kind of frame'),
  CONTINUATION: violation(CLOSE.PROTOCOL, 'INVALID_OPCODE', 'a continuation of nothing'),
  INSIDE: violation(CLOSE.PROTOCOL, 'INVALID_OPCODE', 'a message inside another'),
  PIECES: violation(CLOSE.PROTOCOL, 'EXPECTED_FIN', 'a control frame in pieces'),
  LONG: violation(CLOSE.PROTOCOL, 'INVALID_CONTROL_PAYLOAD_LENGTH', 'a long control frame'),
  HALF: violation(CLOSE.PROTOCOL, 'INVALID_CONTROL_PAYLOAD_LENGTH', 'a close frame with half a code'),
  NO_MASK: violation(CLOSE.PROTOCOL, 'EXPECTED_MASK', 'a frame without mask'),
  MASK: violation(CLOSE.PROTOCOL, 'UNEXPECTED_MASK', 'a frame with a mask'),
  CODE: violation(CLOSE.PROTOCOL, 'INVALID_CLOSE_CODE', 'a close code that must not be sent'),
  UTF8: violation(CLOSE.NOT_UTF8, 'INVALID_UTF8', 'text that is no UTF-8'),
  LENGTH: violation(CLOSE.TOO_LARGE, 'UNSUPPORTED_DATA_PAYLOAD_LENGTH', 'a length above 2^53'),
  SIGN: {
    ...violation(CLOSE.TOO_LARGE, 'UNSUPPORTED_DATA_PAYLOAD_LENGTH', 'a length of 64 bits'),
    forbidden: true,
  },
  LARGE: violation(CLOSE.TOO_LARGE, 'UNSUPPORTED_MESSAGE_LENGTH', 'a message above the limit'),
  FRAGMENTS: violation(CLOSE.POLICY, 'TOO_MANY_BUFFERED_PARTS', 'a message in too many fragments'),
} as const;

/**
 * Messages out of frames (RFC 6455, section 5). Chunks are fed, and what is in them is read one by one:
 *
 * ```
 * reader.feed(chunk);
 * for (let event = reader.next(); event !== READ.NOTHING; event = reader.next()) …
 * ```
 *
 * After a close frame or a violation it reads no more.
 */
export class FrameReader {
  /** The payload of what was read last. */
  bytes: Uint8Array = NOTHING;
  /** Where the payload of what was read begins in its memory. */
  start = 0;
  /** Where it ends. */
  end = 0;
  /** Of a close frame; 1005 if it has none. */
  code = 0;
  /** What the peer has done wrong, once it has. */
  violation: Violation | undefined = undefined;
  readonly #masking: FrameRules['masking'];
  readonly #limit: number;
  /** Whether payloads are left where they are. */
  readonly #inPlace: boolean;
  #chunk: Uint8Array = NOTHING;
  #at = 0;
  #done = false;
  /** The beginning of a head that is not complete. */
  #head: Uint8Array | undefined = undefined;
  #headSize = 0;
  /** The frame whose payload is to come: its first byte, -1 between frames. */
  #first = -1;
  /** Its mask, the first byte lowest; 0 without. */
  #mask = 0;
  /** Bytes of its payload, and how many of them are there. */
  #size = 0;
  #have = 0;
  /** The message that has begun: its kind, 0 if there is none. */
  #op = 0;
  #fragments = 0;
  /** Its bytes as its heads tell. */
  #announced = 0;
  #message: PartialPayload | undefined = undefined;
  /** How much of a text is known to be UTF-8. */
  #checked = 0;
  #control: PartialPayload | undefined = undefined;

  constructor({ masking, limit, memory }: FrameRules) {
    this.#masking = masking;
    this.#limit = limit;
    this.#inPlace = memory === 'reader';
  }

  /** Whether it stands between two messages, and remembers nothing. */
  get atRest(): boolean {
    return this.#first < 0 && this.#headSize === 0 && this.#op === 0 && !this.#done;
  }

  /** Gives it bytes, when it has read all it had. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Reads on. */
  next(): ReadEvent {
    while (!this.#done && this.#at < this.#chunk.length) {
      if (this.#first < 0) {
        if (this.#headSize === 0 && this.#op === 0 && this.#inPlace && this.#smallBinaries())
          return READ.BINARY;
        if (!this.#readHead()) {
          if (this.violation !== undefined) return READ.VIOLATION;
          break;
        }
      }
      const event = this.#readPayload();
      if (event !== READ.NOTHING) return event;
    }
    this.#chunk = NOTHING;
    this.#at = 0;
    return READ.NOTHING;
  }

  /** The way most go: binary messages in a frame each that are there as a whole. Whether there were any. */
  #smallBinaries(): boolean {
    const chunk = this.#chunk;
    const limit = chunk.length;
    if (this.#masking === 'forbidden') return false;
    let at = this.#at;
    let start = -1;
    let end = -1;
    while (at + 6 <= limit && chunk[at] === FIN_BINARY) {
      let size = (chunk[at + 1] as number) - MASKED;
      let from = at + 6;
      if (size === 126) {
        from = at + 8;
        if (from > limit) break;
        size = ((chunk[at + 2] as number) << 8) | (chunk[at + 3] as number);
      } else if (size > 126) break;
      // Without a mask, empty, too large or not there yet: no case for here.
      if (size <= 0 || size > this.#limit || from + size > limit) break;
      if (start < 0) {
        start = from;
        end = from;
      }
      unmaskWithin(chunk, from - 4, from, size, end);
      end += size;
      at = from + size;
    }
    if (start < 0) return false;
    this.#at = at;
    this.#give(chunk, start, end);
    return true;
  }

  #give(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  #violate(what: Violation): false {
    this.violation = what;
    this.#done = true;
    this.#forget();
    return false;
  }

  #forget(): void {
    this.#message = undefined;
    this.#control = undefined;
    this.#chunk = NOTHING;
  }

  /** Whether a head is complete; if not, the chunk is used up, or there is a violation. */
  #readHead(): boolean {
    const chunk = this.#chunk;
    if (this.#headSize === 0) {
      const need = this.#need(chunk, this.#at, chunk.length - this.#at);
      if (need < 0) return false;
      if (this.#at + need <= chunk.length) {
        this.#begin(chunk, this.#at, need);
        this.#at += need;
        return true;
      }
    }
    this.#head ??= new Uint8Array(HEAD);
    const head = this.#head;
    while (this.#at < chunk.length) {
      head[this.#headSize++] = chunk[this.#at++] as number;
      const need = this.#need(head, 0, this.#headSize);
      if (need < 0) return false;
      if (need > this.#headSize) continue;
      this.#begin(head, 0, need);
      this.#headSize = 0;
      return true;
    }
    return false;
  }

  /** How long the head is, as far as can be said: more than there is, if more has to come. -1: a violation. */
  #need(bytes: Uint8Array, at: number, available: number): number {
    if (available < 2) return 2;
    const first = bytes[at] as number;
    const second = bytes[at + 1] as number;
    const flaw = this.#flawOf(first, second);
    if (flaw !== undefined) {
      this.#violate(flaw);
      return -1;
    }
    const short = second & 0x7f;
    const lengths = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (available < lengths) return lengths;
    if ((first & 0x08) === 0) {
      const length = lengthOf(bytes, at);
      const flawed = this.#lengthFlaw(length, bytes[at + 2] as number);
      if (flawed !== undefined) {
        this.#violate(flawed);
        return -1;
      }
    }
    return second < MASKED ? lengths : lengths + 4;
  }

  /** @param high The highest byte of a long length. */
  #lengthFlaw(length: number, high: number): Violation | undefined {
    if (length === 0 || this.#announced + length <= this.#limit) return undefined;
    if (length > 0xffff && high >= 0x80) return V.SIGN;
    return length > Number.MAX_SAFE_INTEGER ? V.LENGTH : V.LARGE;
  }

  #flawOf(first: number, second: number): Violation | undefined {
    if ((first & 0x30) !== 0) return V.RESERVED;
    if ((first & 0x40) !== 0) return V.COMPRESSED;
    const op = first & 0x0f;
    if (op === OP.CONTINUATION) {
      if (this.#op === 0) return V.CONTINUATION;
    } else if (op <= OP.BINARY) {
      if (this.#op !== 0) return V.INSIDE;
    } else if (op < OP.CLOSE || op > OP.PONG) return V.UNKNOWN;
    else if (first < 0x80) return V.PIECES;
    else if ((second & 0x7f) > MAX_CONTROL) return V.LONG;
    else if (op === OP.CLOSE && (second & 0x7f) === 1) return V.HALF;
    if (this.#masking === 'any' || second >= MASKED === (this.#masking === 'required')) return undefined;
    return this.#masking === 'required' ? V.NO_MASK : V.MASK;
  }

  #begin(bytes: Uint8Array, at: number, size: number): void {
    this.#first = bytes[at] as number;
    this.#size = lengthOf(bytes, at);
    this.#have = 0;
    this.#mask = (bytes[at + 1] as number) < MASKED ? 0 : readWord(bytes, at + size - 4);
    if ((this.#first & 0x08) !== 0) return;
    if ((this.#first & 0x0f) !== OP.CONTINUATION) this.#op = this.#first & 0x0f;
    this.#announced += this.#size;
  }

  /** Reads the payload of a frame as far as it is there. */
  #readPayload(): ReadEvent {
    const chunk = this.#chunk;
    const from = this.#at;
    const take = Math.min(this.#size - this.#have, chunk.length - from);
    const isControl = (this.#first & 0x08) !== 0;
    const isWhole = take === this.#size;
    this.#at = from + take;
    if (isWhole && (isControl || (this.#first >= 0x80 && this.#message === undefined))) {
      this.#takeWhole(chunk, from, take);
    } else {
      const partial = this.#partial(isControl);
      const at = partial.size;
      partial.add(chunk, from, take, this.#size - this.#have);
      if (this.#mask !== 0) unmask(partial.bytes, at, take, maskBehind(this.#mask, this.#have));
      this.#have += take;
      if (!isControl && this.#op === OP.TEXT && !this.#checkText(partial.bytes, partial.size))
        return READ.VIOLATION;
      if (this.#have < this.#size) return READ.NOTHING;
      this.#give(partial.bytes, 0, partial.size);
    }
    const first = this.#first;
    this.#first = -1;
    return isControl ? this.#controlCame(first & 0x0f) : this.#dataCame(first >= 0x80);
  }

  #partial(isControl: boolean): PartialPayload {
    if (isControl) {
      this.#control ??= new PartialPayload();
      return this.#control;
    }
    this.#message ??= new PartialPayload();
    return this.#message;
  }

  #takeWhole(chunk: Uint8Array, from: number, size: number): void {
    if (!this.#inPlace) {
      this.#give(unmaskedCopy(chunk, from, size, this.#mask), 0, size);
      return;
    }
    if (this.#mask !== 0) unmask(chunk, from, size, this.#mask);
    this.#give(chunk, from, from + size);
  }

  #checkText(bytes: Uint8Array, end: number): boolean {
    const checked = checkUtf8(bytes, this.#checked, end);
    if (checked < 0) return this.#violate(V.UTF8);
    this.#checked = checked;
    return true;
  }

  /** A frame of a message is complete; its payload is given already. */
  #dataCame(fin: boolean): ReadEvent {
    if (++this.#fragments > MAX_FRAGMENTS) {
      this.#violate(V.FRAGMENTS);
      return READ.VIOLATION;
    }
    if (!fin) return READ.NOTHING;
    const op = this.#op;
    if (op === OP.TEXT) {
      if (this.#message === undefined) {
        const { bytes, start, end } = this;
        this.#checked = start;
        if (!this.#checkText(bytes, end)) return READ.VIOLATION;
      }
      if (this.#checked !== this.end) {
        this.#violate(V.UTF8);
        return READ.VIOLATION;
      }
    }
    this.#op = 0;
    this.#fragments = 0;
    this.#announced = 0;
    this.#checked = 0;
    this.#message = undefined;
    return op === OP.TEXT ? READ.TEXT : READ.BINARY;
  }

  #controlCame(op: number): ReadEvent {
    this.#control = undefined;
    if (op === OP.PING) return READ.PING;
    if (op === OP.PONG) return READ.PONG;
    const { bytes, start, end } = this;
    if (end === start) {
      this.code = CLOSE.NO_CODE;
    } else {
      this.code = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
      this.start = start + 2;
      const flaw = !isCloseCode(this.code)
        ? V.CODE
        : checkUtf8(bytes, start + 2, end) !== end
          ? V.UTF8
          : undefined;
      if (flaw !== undefined) {
        this.#violate(flaw);
        return READ.VIOLATION;
      }
    }
    this.#done = true;
    this.#forget();
    return READ.CLOSE;
  }
}

function lengthOf(bytes: Uint8Array, at: number): number {
  const short = (bytes[at + 1] as number) & 0x7f;
  if (short < 126) return short;
  if (short === 126) return ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  let length = 0;
  for (let i = 2; i < 10; i++) length = length * 256 + (bytes[at + i] as number);
  return length;
}
