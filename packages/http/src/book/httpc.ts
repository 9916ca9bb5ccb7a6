import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Duration, type Skynet, toMilliseconds } from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import { readOptions } from '@skynet/core/options';
import { httpError } from '../errors.ts';
import { checkTarget, checkToken, fieldsOf, type HeaderFields } from '../fields.ts';
import type { HeaderTable } from '../headers.ts';
import type { IncomingBody } from '../incoming-body.ts';
import type { MessageLimits } from '../parser/message-parser.ts';
import type { Data } from '../ports.ts';
import { asBytes } from '../socket-wire.ts';
import { type Answer, Exchange } from './exchange.ts';
import { addressOf, type Host, parseHost } from './host.ts';

/** How `createHttpc` makes requests. */
export interface HttpcOptions {
  /** For connecting and the whole exchange; see {@link Httpc.timeout}. Default 0, none. */
  readonly timeout?: Duration;
  /** Most bytes of status line and fields of an answer. Default 64 KiB. */
  readonly headLimit?: number;
  /** Most bytes of the body of an answer. Default 64 MiB. */
  readonly bodyLimit?: number;
}

/** An answer that is read piece by piece. */
export interface ResponseStream extends AsyncIterable<Buffer> {
  /** Status of the answer. */
  readonly status: number;
  /** Names in lower case; fields behind a chunked body are in it once that has ended. */
  readonly header: HeaderTable;
  /** Ends the connection; to be called when the body is not read to its end. */
  close(): void;
}

/** The HTTP client of the book: a connection for every request (`http.httpc`, book §18.2). Made by {@link createHttpc}. */
export class Httpc {
  /**
   * How long connecting and the whole exchange may take: hundredths of a second, or text such as `"2s"`; 0 or undefined: as
   * long as it takes. With {@link requestStream} it ends with the head of the answer.
   */
  timeout: Duration | undefined;
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #limits: MessageLimits;
  #resolver: Resolver | undefined = undefined;

  /** Use {@link createHttpc}. */
  constructor(skynet: Skynet, timeout: Duration | undefined, limits: MessageLimits) {
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.timeout = timeout;
    this.#limits = limits;
  }

  /**
   * Makes a request.
   * @param host `name`, `name:port`, `ip:port` or `[v6]:port`, with `http://` or `https://` in front or without.
   * @param url target: path and query.
   * @param recvheader gets the fields of the answer, names in lower case.
   * @param header fields to send; `host` and the length are added.
   * @param content text or bytes. With the field `transfer-encoding: chunked` it must be chunks already.
   * @returns status and body.
   * @throws ERR_HTTP_URL, ERR_HTTP_HEADER, ERR_CONNECT, ERR_TIMEOUT, ERR_HTTP_SOCKET, ERR_HTTP_MESSAGE, ERR_HTTP_BODY,
   * ERR_HTTP_BODY_LIMIT.
   */
  async request(
    method: string,
    host: string,
    url: string,
    recvheader?: HeaderTable | null,
    header?: HeaderFields | null,
    content?: Data | null,
  ): Promise<[status: number, body: Buffer]> {
    const { exchange, answer, stop } = await this.#begin(method, host, url, header, content);
    try {
      const body = await answer.body.bytes();
      if (recvheader) fill(recvheader, answer);
      return [answer.status, body];
    } finally {
      stop();
      exchange.close();
    }
  }

  /** {@link request} with GET. */
  get(
    host: string,
    url: string,
    recvheader?: HeaderTable | null,
    header?: HeaderFields | null,
    content?: Data | null,
  ): Promise<[status: number, body: Buffer]> {
    return this.request('GET', host, url, recvheader, header, content);
  }

  /** {@link request} with POST and a form as `application/x-www-form-urlencoded`. */
  post(
    host: string,
    url: string,
    form: Readonly<Record<string, string | number>>,
    recvheader?: HeaderTable | null,
  ): Promise<[status: number, body: Buffer]> {
    const header = { 'content-type': 'application/x-www-form-urlencoded' };
    const content = Object.entries(form).map(
      ([key, value]) => `${percentEncoded(key)}=${percentEncoded(value)}`,
    );
    return this.request('POST', host, url, recvheader, header, content.join('&'));
  }

  /** {@link request} with HEAD: the status alone. */
  async head(
    host: string,
    url: string,
    recvheader?: HeaderTable | null,
    header?: HeaderFields | null,
    content?: Data | null,
  ): Promise<number> {
    const [status] = await this.request('HEAD', host, url, recvheader, header, content);
    return status;
  }

  /**
   * As {@link request}, with a body that is read by `for await`. A body that breaks off makes the loop throw ERR_HTTP_BODY.
   * @returns when the head of the answer is there.
   */
  async requestStream(
    method: string,
    host: string,
    url: string,
    recvheader?: HeaderTable | null,
    header?: HeaderFields | null,
    content?: Data | null,
  ): Promise<ResponseStream> {
    const { exchange, answer, stop } = await this.#begin(method, host, url, header, content);
    stop();
    if (recvheader) fill(recvheader, answer);
    const forget = this.#kernel.own(() => exchange.close());
    return new Stream(answer, recvheader ?? answer.headers.toTable(), () => {
      forget();
      exchange.close();
    });
  }

  /**
   * Looks host names up with a DNS server of one's own; without an address with those of the system, without its other
   * sources. Names are never looked up in a way that holds others up, with this or without.
   */
  dns(server?: string, port = 53): void {
    const resolver = new Resolver();
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw httpError('ERR_ARGUMENT', 'the port of a DNS server is 1 to 65535');
    if (server !== undefined) {
      if (typeof server !== 'string' || isIP(server) === 0)
        throw httpError('ERR_ARGUMENT', 'a DNS server is an IP address');
      resolver.setServers([`${server.includes(':') ? `[${server}]` : server}:${port}`]);
    }
    this.#resolver = resolver;
  }

  async #begin(
    method: string,
    hostText: string,
    url: string,
    header: HeaderFields | null | undefined,
    content: Data | null | undefined,
  ): Promise<{ exchange: Exchange; answer: Answer; stop: () => void }> {
    const host = parseHost(hostText);
    const bytes = requestBytes(method, url, host, header ?? undefined, content ?? undefined);
    const limit = this.timeout === undefined ? 0 : toMilliseconds(this.timeout);
    const until = performance.now() + limit;
    const connection = await this.#kernel.connect(await this.#address(host, limit), { timeout: limit });
    this.#kernel.release(connection);
    const exchange = new Exchange(this.#kernel, connection, this.#limits, { bodyless: method === 'HEAD' });
    const forget = this.#kernel.own(() => exchange.close());
    const timer =
      limit === 0
        ? undefined
        : setTimeout(() => exchange.fail(tookTooLong(host)), Math.max(0, until - performance.now()));
    const stop = (): void => {
      clearTimeout(timer);
      forget();
    };
    try {
      connection.write(bytes);
      return { exchange, answer: await exchange.answer, stop };
    } catch (error) {
      stop();
      exchange.close();
      throw error;
    }
  }

  async #address(host: Host, limit: number): Promise<string> {
    // A certificate is checked against the name.
    if (this.#resolver === undefined || isIP(host.name) !== 0 || host.protocol === 'https')
      return addressOf(host);
    const resolver = this.#resolver;
    try {
      const [address] = await this.#skynet.await(
        resolver.resolve4(host.name).catch(() => resolver.resolve6(host.name)),
        { timeout: limit / 10 },
      );
      return addressOf(host, address as string);
    } catch (error) {
      if (!(error instanceof Error) || (error as { code?: unknown }).code === 'ERR_TIMEOUT') throw error;
      throw httpError(
        'ERR_CONNECT',
        `${host.name} dns resolve failed msg:${(error as { code?: string }).code}`,
        {
          cause: error,
        },
      );
    }
  }
}

/**
 * The client of the book: `const httpc = createHttpc(skynet);`, the original's `require "http.httpc"`.
 * @throws ERR_ARGUMENT.
 */
export function createHttpc(skynet: Skynet, options: HttpcOptions = {}): Httpc {
  return readOptions('httpc option', options, (given) => {
    given.timer('timeout', 0);
    const whole = (key: 'headLimit' | 'bodyLimit', fallback: number): number =>
      given.whole(key, 1, Number.MAX_SAFE_INTEGER, fallback);
    return new Httpc(skynet, options.timeout, {
      headLimit: whole('headLimit', 65_536),
      bodyLimit: whole('bodyLimit', 64 << 20),
    });
  });
}

class Stream implements ResponseStream {
  readonly status: number;
  readonly header: HeaderTable;
  readonly #body: IncomingBody;
  readonly #close: () => void;

  constructor(answer: Answer, header: HeaderTable, close: () => void) {
    this.status = answer.status;
    this.header = header;
    this.#body = answer.body;
    this.#close = close;
  }

  close(): void {
    this.#close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* this.#body;
      merge(this.header, this.#body.trailers);
    } finally {
      this.#close();
    }
  }
}

function tookTooLong({ name, port }: Host): ReturnType<typeof httpError> {
  return httpError('ERR_TIMEOUT', `[Socket Error] : no answer from ${name}:${port} in time`);
}

/** Puts the fields of an answer into a table. */
function fill(table: HeaderTable, { headers, body }: Answer): void {
  Object.assign(table, headers.toTable());
  merge(table, body.trailers);
}

function merge(table: HeaderTable, trailers: readonly string[]): void {
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i] as string;
    const value = trailers[i + 1] as string;
    const before = Object.hasOwn(table, name) ? table[name] : undefined;
    table[name] = before === undefined ? value : [before, value].flat();
  }
}

/** Bytes of a request, in the original's spelling. @throws ERR_HTTP_HEADER, ERR_HTTP_URL. */
function requestBytes(
  method: string,
  url: string,
  host: Host,
  header: HeaderFields | undefined,
  content: Data | undefined,
): Buffer {
  const fields = header === undefined ? [] : fieldsOf(header);
  const values = (name: string): string[] =>
    fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  if (content !== undefined && typeof content !== 'string' && !(content instanceof Uint8Array))
    throw httpError('ERR_ARGUMENT', `content is text or bytes, not ${typeof content}`);
  const body = content === undefined ? Buffer.alloc(0) : asBytes(content);
  const [coding, ...codings] = values('transfer-encoding');
  const [length, ...lengths] = values('content-length');
  if (codings.length + lengths.length > 0 || (coding !== undefined && coding.toLowerCase() !== 'chunked'))
    throw httpError(
      'ERR_HTTP_HEADER',
      'transfer-encoding is chunked or absent, and content-length one number',
    );
  if (length !== undefined && (coding !== undefined || Number(length) !== body.length))
    throw httpError('ERR_HTTP_HEADER', `content-length says ${length}, the content has ${body.length} bytes`);
  if (values('host').length > 1) throw httpError('ERR_HTTP_HEADER', 'several hosts');
  let text = `${checkToken(method, 'name of a method')} ${checkTarget(url)} HTTP/1.1\r\n`;
  for (const [name, value] of fields) text += `${name}:${value}\r\n`;
  if (values('host').length === 0) text += `${header === undefined ? 'host' : 'Host'}:${host.field}\r\n`;
  if (coding === undefined && length === undefined) text += `Content-length:${body.length}\r\n`;
  return Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), body]);
}

/** As the original: every byte but letters, digits and `_` as `%XX`. */
function percentEncoded(value: string | number): string {
  return Array.from(asBytes(String(value)), (byte) => {
    const character = String.fromCharCode(byte);
    return /\w/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
