import type { SkynetError } from '@skynet/core';
import { type HttpErrorCode, httpError, statusError } from '../errors.ts';
import { isBodyless } from '../status.ts';
import { Llhttp, REQUEST, RESPONSE, RESULT, type Spans } from './llhttp.ts';

/** Told what a {@link MessageParser} finds. */
export interface MessageSink {
  /** Request line or status line, and fields. True stops the parser behind them, for a stream that is no HTTP from here on. */
  head(head: MessageHead): boolean;
  /** A piece of the body. Its memory is the chunk's. */
  body(piece: Uint8Array): void;
  /** The message is complete. */
  complete(trailers: readonly string[]): void;
}

/** How a message begins. */
export interface MessageHead {
  /** Of a request; empty otherwise. */
  readonly method: string;
  /** Target of a request as it came, one character a byte. */
  readonly url: string;
  /** Of a response; 0 otherwise. */
  readonly status: number;
  /** 10 or 11. */
  readonly version: number;
  /** Names in lower case and values, in turn. */
  readonly fields: string[];
  /** Whether another message may follow. */
  readonly keepAlive: boolean;
}

/** What limits a message, in bytes. */
export interface MessageLimits {
  /** Of its first line and fields, and of trailers. */
  readonly headLimit: number;
  readonly bodyLimit: number;
}

/** Chunks up to this length are made text at once; fields are slices of it. */
const SHORT = 4096;
const NOTHING = 0;
const URL = 1;
const FIELD = 2;
const VALUE = 3;
const LINE_END = 2;
/** Of a chunk of one byte, generously. */
const FRAMING_PER_BYTE = 16;

/**
 * Messages out of a stream of bytes. It reads one message and stops behind it; {@link next} begins with another.
 *
 * ```
 * head ──> body ──> complete ──next()──> head
 *   └─ failed
 * ```
 */
export class MessageParser implements Spans {
  readonly #type: typeof REQUEST | typeof RESPONSE;
  readonly #sink: MessageSink;
  readonly #limits: MessageLimits;
  readonly #llhttp: Llhttp;
  /** How the last chunk was left. */
  #result = 0;
  #inHead = true;
  #begun = false;
  /** Set when the message is complete. */
  complete = false;
  /** Set by a head that stops the parser. */
  stopped = false;
  /** Whether the response has no body, as those to HEAD. */
  bodyless = false;
  #headBytes = 0;
  #bodyBytes = 0;
  #framing = 0;
  /** Whether the body is counted here, and how much of it is still to come. */
  #counted = false;
  #left = 0;
  /** Where in the chunk the last span ended. */
  #spanEnd = 0;
  #last: 0 | 1 | 2 | 3 = NOTHING;
  #url = '';
  #raw: string[] = [];
  #chunk: Uint8Array = new Uint8Array(0);
  #text: string | undefined = undefined;
  /** Set when head or body was too long, found while it was parsed. */
  #limited: SkynetError | undefined = undefined;

  constructor(type: 'request' | 'response', limits: MessageLimits, sink: MessageSink) {
    this.#type = type === 'request' ? REQUEST : RESPONSE;
    this.#limits = limits;
    this.#sink = sink;
    this.#llhttp = new Llhttp(this.#type, this);
  }

  /** Whether something of a message has been read, and not all. */
  get underway(): boolean {
    return this.#begun && !this.complete;
  }

  /** Gives its memory back. */
  free(): void {
    this.#llhttp.free();
  }

  /** Begins with the next message. */
  next(): void {
    if (!this.complete) return;
    if (this.#counted) this.#llhttp.reset();
    else this.#llhttp.resume(this.#result);
    this.#counted = false;
    this.complete = false;
    this.#begun = false;
    this.#inHead = true;
    this.#headBytes = 0;
  }

  /**
   * Reads as much of a chunk as belongs to the message.
   * @returns how many bytes that was.
   * @throws ERR_HTTP_MESSAGE, ERR_HTTP_HEAD_LIMIT, ERR_HTTP_BODY_LIMIT; `details.status` is the answer to it.
   */
  read(chunk: Uint8Array): number {
    let read = 0;
    while (read < chunk.length && !this.complete && !this.stopped) {
      const rest = read === 0 ? chunk : chunk.subarray(read);
      if (this.#left > 0) read += this.#count(rest);
      else read += this.#readPiece(rest.length > Llhttp.window ? rest.subarray(0, Llhttp.window) : rest);
    }
    return read;
  }

  #readPiece(chunk: Uint8Array): number {
    this.#chunk = chunk;
    this.#text = undefined;
    this.#spanEnd = 0;
    const wasInHead = this.#inHead;
    const bodyBytes = this.#bodyBytes;
    const result = this.#llhttp.execute(chunk);
    this.#result = result;
    if (result === RESULT.OK) {
      if (wasInHead || this.#trailing) this.#countHead(chunk.length);
      else this.#countFraming(chunk.length - (this.#bodyBytes - bodyBytes));
      if (!this.#inHead && !this.#trailing && this.#isTooLong(this.#llhttp.left)) throw this.#bodyLimit();
      return chunk.length;
    }
    if (this.complete || this.stopped || this.#counted) return this.#llhttp.position;
    throw this.#failure(result);
  }

  /** A body of a known length needs no parser. */
  #count(chunk: Uint8Array): number {
    const piece = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    this.#left -= piece.length;
    this.#sink.body(piece);
    if (this.#left === 0) {
      this.complete = true;
      this.#sink.complete([]);
    }
    return piece.length;
  }

  /** Whether trailers are being read. */
  get #trailing(): boolean {
    return !this.#inHead && this.#last !== NOTHING;
  }

  #countHead(length: number): void {
    if (!this.#inHead && !this.#trailing) return;
    this.#headBytes += length;
    if (this.#headBytes > this.#limits.headLimit) throw this.#headLimit();
  }

  /** Sizes of chunks and what is added to them: little beside the body, unless somebody wants to keep us busy. */
  #countFraming(length: number): void {
    this.#framing += length;
    if (this.#framing > this.#limits.headLimit + FRAMING_PER_BYTE * this.#bodyBytes)
      throw this.#error(400, 'ERR_HTTP_MESSAGE', 'more chunk extensions than body');
  }

  #headLimit(): SkynetError {
    const long = this.#inHead && this.#raw.length === 0;
    return this.#error(
      long ? 414 : 431,
      'ERR_HTTP_HEAD_LIMIT',
      `${long ? 'the first line is' : 'header fields are'} longer than ${this.#limits.headLimit} bytes`,
    );
  }

  /** Whether the body is above the limit with so many bytes more. */
  #isTooLong(more: number): boolean {
    return this.#bodyBytes + more > this.#limits.bodyLimit;
  }

  #bodyLimit(): SkynetError {
    return this.#error(413, 'ERR_HTTP_BODY_LIMIT', `the body is longer than ${this.#limits.bodyLimit} bytes`);
  }

  /**
   * The stream has ended. A response that goes on until then is complete now.
   * @throws ERR_HTTP_BODY if the message is not.
   */
  finish(): void {
    if (this.complete || !this.#begun) return;
    const result = this.#counted ? RESULT.PAUSED : this.#llhttp.finish();
    if (!this.complete || (result !== RESULT.OK && result !== RESULT.PAUSED))
      throw this.#error(400, 'ERR_HTTP_BODY', 'the connection ended in the middle of a message');
  }

  #failure(result: number): SkynetError {
    const reason = this.#llhttp.reason;
    if (this.#limited !== undefined) return this.#limited;
    const at = this.#chunk[this.#llhttp.position] ?? 0;
    return this.#error(statusFor(result, reason, at), 'ERR_HTTP_MESSAGE', reason || 'malformed message');
  }

  /** A server answers with a status; a response that is none has none. */
  #error(status: number, code: HttpErrorCode, message: string): SkynetError {
    return this.#type === REQUEST ? statusError(status, code, message) : httpError(code, message);
  }

  // --- spans

  messageBegin(): number {
    this.#begun = true;
    this.#inHead = true;
    this.#headBytes = 0;
    this.#last = NOTHING;
    this.#url = '';
    this.#raw = [];
    return 0;
  }

  url(start: number, length: number): number {
    this.#url = this.#continues(URL, start)
      ? this.#url + this.#slice(start, length)
      : this.#slice(start, length);
    return 0;
  }

  status(start: number, length: number): number {
    this.#spanEnd = start + length;
    return 0;
  }

  headerField(start: number, length: number): number {
    const raw = this.#raw;
    if (this.#continues(FIELD, start)) {
      const at = raw.length - 2;
      raw[at] += this.#slice(start, length).toLowerCase();
    } else raw.push(this.#slice(start, length).toLowerCase(), '');
    return 0;
  }

  headerValue(start: number, length: number): number {
    const raw = this.#raw;
    const at = raw.length - 1;
    raw[at] = (this.#continues(VALUE, start) ? (raw[at] as string) : '') + this.#slice(start, length);
    return 0;
  }

  headersComplete(): number {
    const llhttp = this.#llhttp;
    const request = this.#type === REQUEST;
    if (this.#headBytes + this.#spanEnd + LINE_END * 2 > this.#limits.headLimit) {
      this.#limited = this.#headLimit();
      return RESULT.PAUSED;
    }
    this.#inHead = false;
    this.#last = NOTHING;
    this.#headBytes = 0;
    this.#bodyBytes = 0;
    this.#framing = 0;
    const fields = trimmed(this.#raw);
    this.#raw = [];
    const stop = this.#sink.head({
      method: request ? llhttp.method : '',
      url: this.#url,
      status: request ? 0 : llhttp.status,
      version: llhttp.version,
      fields,
      keepAlive: llhttp.keepAlive,
    });
    if (stop) {
      this.stopped = true;
      return RESULT.PAUSED;
    }
    if (this.bodyless) return 1;
    this.#left = request || !isBodyless(llhttp.status) ? lengthOf(fields) : 0;
    if (this.#isTooLong(this.#left)) {
      this.#limited = this.#bodyLimit();
      return RESULT.PAUSED;
    }
    this.#counted = this.#left > 0;
    return this.#counted ? RESULT.PAUSED : 0;
  }

  body(start: number, length: number): number {
    if (this.#isTooLong(length)) {
      this.#limited = this.#bodyLimit();
      return RESULT.PAUSED;
    }
    this.#bodyBytes += length;
    this.#sink.body(this.#chunk.subarray(start, start + length));
    return 0;
  }

  messageComplete(): number {
    this.complete = true;
    this.#sink.complete(trimmed(this.#raw));
    return RESULT.PAUSED;
  }

  /** Whether a span goes on that began in an earlier chunk. Notes that this one is there. */
  #continues(kind: 1 | 2 | 3, start: number): boolean {
    const continues = this.#last === kind && start === 0 && this.#spanEnd === 0;
    this.#last = kind;
    return continues;
  }

  #slice(start: number, length: number): string {
    this.#spanEnd = start + length;
    const chunk = this.#chunk as Buffer;
    if (chunk.length > SHORT) return latin1(chunk, start, start + length);
    this.#text ??= latin1(chunk, 0, chunk.length);
    return this.#text.slice(start, start + length);
  }
}

/** What content-length says, which the parser has checked; 0 without. */
function lengthOf(fields: readonly string[]): number {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === 'content-length') return Number(fields[i + 1]);
  return 0;
}

/** Works on any bytes, and spares `toString` the look at its encoding. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

/** Values without blanks behind them. */
function trimmed(raw: string[]): string[] {
  for (let i = 1; i < raw.length; i += 2) {
    const value = raw[i] as string;
    let end = value.length;
    while (isBlank(value.charCodeAt(end - 1))) end--;
    if (end < value.length) raw[i] = value.slice(0, end);
  }
  return raw;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

const DIGIT = /[0-9]/;
const TOKEN = /[A-Za-z0-9!#$%&'*+.^_`|~-]/;

/**
 * What a server answers to a message that is none.
 * @param at the byte that it was refused for.
 */
function statusFor(result: number, reason: string, at: number): number {
  const byte = String.fromCharCode(at);
  switch (result) {
    case RESULT.PAUSED_H2_UPGRADE:
      return 505;
    case RESULT.INVALID_VERSION:
      return DIGIT.test(byte) || reason === 'Invalid HTTP version' ? 505 : 400;
    case RESULT.INVALID_METHOD:
      return TOKEN.test(byte) ? 501 : 400;
    case RESULT.INVALID_TRANSFER_ENCODING:
      return /Content-Length/.test(reason) ? 400 : 501;
    default:
      return 400;
  }
}
