import { printable } from '@skynet/core';
import { httpError } from '../errors.ts';
import { fieldsOf, type HeaderFields } from '../fields.ts';
import { isBodyless, statusLine } from '../status.ts';

/** What a handler answers: text, bytes, nothing (204), or an answer with everything. */
export type Reply = string | Uint8Array | FullReply | null | undefined;

/** An answer with status and header fields. */
export interface FullReply {
  /** 200 to 999. Default 200. */
  readonly status?: number;
  /** Fields by name; see {@link HeaderFields}. `content-length`, `date` and what concerns the connection are added. */
  readonly headers?: HeaderFields;
  /**
   * Text, bytes, or pieces of it as they come: an iterator or an async generator, which goes on in the service's turn and
   * waits when the peer is slower. What it throws cuts the answer off.
   */
  readonly body?: ReplyBody | null;
}

/** What an answer may be made of. */
export type ReplyBody =
  | string
  | Uint8Array
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>;

/** An answer in JSON. */
export function json(value: unknown, status = 200): FullReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** How an answer goes out. */
export interface Framing {
  /** HTTP/1.0 or 1.1, as 10 or 11. */
  readonly version: number;
  /** Whether the request was HEAD: no body is sent. */
  readonly head: boolean;
  /** Whether the connection goes on behind it. */
  readonly keepAlive: boolean;
}

/** An answer ready to be sent. */
export interface ReadyReply {
  /** The head, and a short body behind it. */
  readonly head: Uint8Array;
  /** A long body that is there as a whole. */
  readonly body: Uint8Array | undefined;
  /** What is still to come, if anything. */
  readonly stream: Iterable<unknown> | AsyncIterable<unknown> | undefined;
  /** Whether pieces of it are chunks. */
  readonly chunked: boolean;
  /** Bytes that the handler has said there are, of a stream. */
  readonly length: number | undefined;
  /** Whether the connection goes on. */
  readonly keepAlive: boolean;
}

/** Bodies up to this many bytes go out with the head in one piece. */
const JOINED = 16_384;
/** Fields of the connection, which is not the handler's. */
const RESERVED = /^(?:transfer-encoding|keep-alive|upgrade|trailer|te)$/;
const NOT_ASCII = /[^\t\r\n\x20-\x7e]/;
const LENGTH = /^\d{1,15}$/;

let dateText = '';
let dateSecond = 0;

/** The field of the time, made once a second. */
function dateField(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateText;
}

/** What a handler has returned, in full. */
function full(reply: Reply): FullReply {
  if (reply === undefined || reply === null) return { status: 204 };
  if (typeof reply === 'string' || reply instanceof Uint8Array) return { body: reply };
  if (typeof reply !== 'object')
    throw httpError('ERR_HTTP_REPLY', `a handler cannot answer with ${printable(typeof reply)}`);
  return reply;
}

/**
 * Makes the bytes of an answer.
 * @throws ERR_HTTP_REPLY, ERR_HTTP_HEADER.
 */
export function ready(reply: Reply, framing: Framing): ReadyReply {
  const { status = 200, headers, body } = full(reply);
  if (!Number.isInteger(status) || status < 200 || status > 999)
    throw httpError('ERR_HTTP_REPLY', `not the status of an answer: ${printable(status)}`);
  let text = statusLine(status);
  let keepAlive = framing.keepAlive;
  let length: number | undefined;
  let hasType = false;
  let hasDate = false;
  if (headers !== undefined) {
    for (const [given, value] of fieldsOf(headers)) {
      const name = given.toLowerCase();
      if (RESERVED.test(name)) throw httpError('ERR_HTTP_HEADER', `the field ${name} is not the handler's`);
      if (name === 'connection') {
        if (value !== 'close') throw httpError('ERR_HTTP_HEADER', 'a handler may only close the connection');
        keepAlive = false;
        continue;
      }
      if (name === 'content-length') {
        if (!LENGTH.test(value) || length !== undefined)
          throw httpError('ERR_HTTP_HEADER', 'content-length is one number');
        length = Number(value);
        continue;
      }
      if (name === 'content-type') hasType = true;
      else if (name === 'date') hasDate = true;
      text += `${name}: ${value}\r\n`;
    }
  }
  if (!hasDate) text += dateField();
  const whole = typeof body === 'string' || body instanceof Uint8Array;
  const bodyless = isBodyless(status);
  if (whole && !hasType && !bodyless)
    text += typeof body === 'string' ? TEXT_TYPE : 'content-type: application/octet-stream\r\n';
  if (whole || body === undefined || body === null)
    return wholeReply(text, whole ? body : '', { ...framing, keepAlive }, bodyless, length);
  if (typeof body !== 'object' || !(Symbol.iterator in body || Symbol.asyncIterator in body))
    throw httpError('ERR_HTTP_REPLY', `a body cannot be ${printable(typeof body)}`);
  const silent = bodyless || framing.head;
  const chunked = length === undefined && framing.version >= 11 && !bodyless;
  if (length === undefined && framing.version < 11) keepAlive = false;
  if (chunked) text += 'transfer-encoding: chunked\r\n';
  else if (length !== undefined && !bodyless) text += `content-length: ${length}\r\n`;
  text += connectionField(framing.version, keepAlive);
  return {
    head: Buffer.from(`${text}\r\n`, 'latin1'),
    body: undefined,
    stream: silent ? undefined : body,
    chunked,
    length,
    keepAlive,
  };
}

const TEXT_TYPE = 'content-type: text/plain; charset=utf-8\r\n';

function connectionField(version: number, keepAlive: boolean): string {
  if (!keepAlive) return 'connection: close\r\n';
  return version < 11 ? 'connection: keep-alive\r\n' : '';
}

function wholeReply(
  fields: string,
  body: string | Uint8Array,
  { version, head, keepAlive }: Framing,
  bodyless: boolean,
  given: number | undefined,
): ReadyReply {
  const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (given !== undefined && given !== size && !(head && size === 0) && !bodyless)
    throw httpError('ERR_HTTP_REPLY', `content-length says ${given} bytes, the body has ${size}`);
  const length = bodyless ? '' : `content-length: ${given ?? size}\r\n`;
  const text = `${fields}${length}${connectionField(version, keepAlive)}\r\n`;
  const silent = head || bodyless || size === 0;
  const apart = !silent && size > JOINED;
  return {
    head: silent || apart ? Buffer.from(text, 'latin1') : joined(text, body),
    body: apart ? (typeof body === 'string' ? Buffer.from(body) : body) : undefined,
    stream: undefined,
    chunked: false,
    length: undefined,
    keepAlive,
  };
}

/** Head and body in one piece. */
function joined(head: string, body: string | Uint8Array): Uint8Array {
  if (typeof body === 'string')
    return NOT_ASCII.test(head)
      ? Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body, 'utf8')])
      : Buffer.from(head + body, 'utf8');
  const bytes = Buffer.allocUnsafe(head.length + body.length);
  bytes.write(head, 0, 'latin1');
  bytes.set(body, head.length);
  return bytes;
}
