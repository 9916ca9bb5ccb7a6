import { printable, type SkynetError } from '@skynet/core';
import { ReadBuffer } from '@skynet/core/channel';
import { httpError, statusOf } from '../errors.ts';
import { fieldsOf, type HeaderFields } from '../fields.ts';
import { Headers, type HeaderTable } from '../headers.ts';
import { type MessageHead, MessageParser, type MessageSink } from '../parser/message-parser.ts';
import type { Data } from '../ports.ts';
import { checkHead } from '../server/request-rules.ts';
import { asBytes } from '../socket-wire.ts';
import { statusLine } from '../status.ts';
import type { ReadFunction, WriteFunction } from './sockethelper.ts';

/** A request as {@link readRequest} reads it. */
export interface BookRequest {
  /** 200; another status if the request cannot be taken: answer it with that, there is no more then. */
  readonly code: number;
  /** The target as it came, one character a byte. */
  readonly url: string;
  /** `GET`, `POST` … */
  readonly method: string;
  /** Names in lower case; a list for a field that is repeated. Fields behind a chunked body are in it, too. */
  readonly header: HeaderTable;
  /** All of it; empty if there is none. */
  readonly body: Buffer;
}

/** No request: reading has failed. */
export interface ReadFailure {
  readonly code: undefined;
  /** ERR_HTTP_SOCKET where the socket is closed (`sockethelper.isSocketError`). */
  readonly error: unknown;
}

/** The original's. */
const HEAD_LIMIT = 8192;

/**
 * Reads one request (`httpd.read_request`, book §18.1). Bytes behind it are thrown away.
 * @param read `sockethelper.readFunc(id)`.
 * @param bodyLimit most bytes of the body, above it `code` is 413. Default: no limit.
 */
export async function readRequest(
  read: ReadFunction,
  bodyLimit: number = Number.POSITIVE_INFINITY,
): Promise<BookRequest | ReadFailure> {
  const reader = new RequestReader(bodyLimit);
  try {
    return await reader.read(read);
  } catch (error) {
    const code = statusOf(error);
    // A signal of the framework is none of our failures.
    if (!(error instanceof Error)) throw error;
    return code === undefined
      ? { code, error }
      : { code, url: '', method: '', header: Object.create(null) as HeaderTable, body: Buffer.alloc(0) };
  } finally {
    reader.free();
  }
}

class RequestReader implements MessageSink {
  readonly #parser: MessageParser;
  readonly #bodyLimit: number;
  #head: MessageHead | undefined = undefined;
  #refusal: SkynetError | undefined = undefined;
  readonly #body = new ReadBuffer();
  #trailers: readonly string[] = [];

  constructor(bodyLimit: number) {
    this.#bodyLimit = bodyLimit;
    this.#parser = new MessageParser('request', { headLimit: HEAD_LIMIT, bodyLimit }, this);
  }

  free(): void {
    this.#parser.free();
  }

  async read(read: ReadFunction): Promise<BookRequest> {
    while (!this.#parser.complete) {
      this.#parser.read(asBytes(await read()));
      if (this.#refusal !== undefined) throw this.#refusal;
    }
    const { url, method, fields } = this.#head as MessageHead;
    const header = new Headers([...fields, ...this.#trailers]).toTable();
    return { code: 200, url, method, header, body: this.#body.take(this.#body.size) };
  }

  head(head: MessageHead): boolean {
    this.#head = head;
    this.#refusal = checkHead(head, this.#bodyLimit).refusal;
    return this.#refusal !== undefined;
  }

  body(piece: Uint8Array): void {
    this.#body.push(piece);
  }

  complete(trailers: readonly string[]): void {
    this.#trailers = trailers;
  }
}

/** Gives a body piece by piece, and nothing at its end. */
export type BodyFunction = () => Data | undefined | null | Promise<Data | undefined | null>;

/**
 * Writes an answer (`httpd.write_response`, book §18.1).
 * @param write `sockethelper.writeFunc(id)`.
 * @param body text, bytes, a function that gives it in pieces, or nothing.
 * @param header fields besides `content-length` and `transfer-encoding`.
 * @returns whether it was written, and why not.
 */
export async function writeResponse(
  write: WriteFunction,
  code: number,
  body?: Data | BodyFunction | null,
  header?: HeaderFields,
): Promise<readonly [ok: true, error: undefined] | readonly [ok: false, error: unknown]> {
  try {
    await writeAll(write, code, body, header);
    return [true, undefined];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return [false, error];
  }
}

async function writeAll(
  write: WriteFunction,
  code: number,
  body: Data | BodyFunction | null | undefined,
  header: HeaderFields | undefined,
): Promise<void> {
  if (!Number.isInteger(code) || code < 100 || code > 999)
    throw httpError('ERR_HTTP_REPLY', `not a status: ${printable(code)}`);
  let head = statusLine(code);
  for (const [name, value] of header === undefined ? [] : fieldsOf(header)) {
    if (/^(?:content-length|transfer-encoding)$/i.test(name))
      throw httpError('ERR_HTTP_HEADER', `${name} follows from the body`);
    head += `${name}: ${value}\r\n`;
  }
  const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
  if (body === undefined || body === null) write(latin1(`${head}\r\n`));
  else if (typeof body === 'function') {
    write(latin1(`${head}transfer-encoding: chunked\r\n`));
    for (;;) {
      const piece = await body();
      if (piece === undefined || piece === null) break;
      const bytes = asBytes(piece);
      if (bytes.length === 0) continue;
      write(latin1(`\r\n${bytes.length.toString(16)}\r\n`));
      write(bytes);
    }
    write(latin1('\r\n0\r\n\r\n'));
  } else if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = asBytes(body);
    write(Buffer.concat([latin1(`${head}content-length: ${bytes.length}\r\n\r\n`), bytes]));
  } else throw httpError('ERR_HTTP_REPLY', `a body cannot be ${printable(typeof body)}`);
}

/** The original's `http.httpd`. */
export const httpd: {
  readonly readRequest: typeof readRequest;
  readonly writeResponse: typeof writeResponse;
} = { readRequest, writeResponse };
