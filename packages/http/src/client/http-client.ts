import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Skynet, SkynetError } from '@skynet/core';
import { kernelOf, type ServiceKernel, type Suspension } from '@skynet/core/kernel';
import type { Dispatcher } from 'undici';
import { httpError } from '../errors.ts';
import { checkTarget, checkToken, fieldsOf } from '../fields.ts';
import { Headers } from '../headers.ts';
import { type BodySource, IncomingBody } from '../incoming-body.ts';
import { clientStats } from '../traffic.ts';
import {
  type ClientSettings,
  type HttpClientOptions,
  NO_OPTIONS,
  type RequestOptions,
  readClientOptions,
  readRequestOptions,
} from './options.ts';
import { type BodyPieces, outgoingBody } from './outgoing-body.ts';

/** An answer. Its body is read once; what is not read holds a connection. */
export interface HttpResponse {
  /** Three digits. */
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  /** Fields of the head, as they came. */
  readonly headers: Headers;
  /** What comes behind the head; read at once or piece by piece. */
  readonly body: IncomingBody;
}

/** Asks servers, over connections that are kept. Made by {@link createHttpClient}. */
export interface HttpClient {
  /**
   * Makes a request, and goes on in the service's turn when the head of the answer is there. No redirect is followed, and
   * nothing is unpacked. When the task is killed or the service ends, it is given up.
   * @param url `http://` or `https://`.
   * @throws ERR_HTTP_URL, ERR_HTTP_HEADER, ERR_ARGUMENT, ERR_HTTP_BUSY, ERR_HTTP_CLIENT (`details.code`: the library's or
   * the system's), ERR_TIMEOUT, ERR_ABORTED.
   */
  request(url: string, options?: RequestOptions): Promise<HttpResponse>;
  /** Requests that are under way or wait for a connection. */
  readonly pending: number;
  /** Gives up what is under way, and closes. Happens by itself when the service ends. */
  close(): Promise<void>;
}

type Undici = typeof import('undici');
let undici: Undici | undefined;

/** Loaded by the first client of a thread: it takes a tenth of a second and some megabytes. */
function loadUndici(): Undici {
  undici ??= createRequire(import.meta.url)('undici') as Undici;
  return undici;
}

/**
 * A client with connections of its own, closed with the service: `const http = createHttpClient(skynet);`. On undici.
 * @throws ERR_ARGUMENT.
 */
export function createHttpClient(skynet: Skynet, options: HttpClientOptions = {}): HttpClient {
  return new Client(kernelOf(skynet), readClientOptions(options));
}

const KEEP_MAX = 25_000;
const URL_PARTS =
  /^(https?:\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::\d{1,5})?)(\/[^#]*|\?[^#]*)?(?:#.*)?$/i;

class Client implements HttpClient {
  readonly #kernel: ServiceKernel;
  readonly #settings: ClientSettings;
  readonly #agent: Dispatcher;
  readonly #underway = new Set<Call>();
  readonly #sockets = new Set<Socket>();
  readonly #forgetSockets: () => void;
  #closed = false;

  constructor(kernel: ServiceKernel, settings: ClientSettings) {
    this.#kernel = kernel;
    this.#settings = settings;
    const { Agent, buildConnector } = loadUndici();
    const { ca } = settings;
    const connect = buildConnector(
      ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : Buffer.from(ca) },
    );
    this.#agent = new Agent({
      connections: settings.connections,
      keepAliveTimeout: Math.max(1, settings.idleTimeout),
      keepAliveMaxTimeout: Math.max(KEEP_MAX, settings.idleTimeout),
      maxHeaderSize: settings.headLimit,
      connect: (options, done) =>
        connect(options, (...[error, socket]) => {
          if (error === null) this.#count(socket as Socket);
          done(...([error, socket] as Parameters<typeof done>));
        }),
    });
    kernel.own(() => this.close());
    this.#forgetSockets = kernel.console.addSockets(() => clientStats(kernel, this.#sockets));
  }

  #count(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  get pending(): number {
    return this.#underway.size;
  }

  async request(url: string, options: RequestOptions = NO_OPTIONS): Promise<HttpResponse> {
    if (this.#closed) throw httpError('ERR_HTTP_CLIENT', 'the client is closed');
    const { timeout, signal } = readRequestOptions(options, this.#settings.timeout);
    const { asked, pieces } = requestOf(url, options);
    if (this.#underway.size >= this.#settings.maxPending)
      throw httpError('ERR_HTTP_BUSY', `${this.#underway.size} requests are under way already`);
    const call = new Call(this.#kernel, this.#settings.bodyLimit, (done) => this.#underway.delete(done));
    this.#underway.add(call);
    call.limit(timeout, signal);
    try {
      if (pieces !== undefined) asked.body = call.send(pieces);
      this.#agent.dispatch(asked, call);
      return await call.arrival.promise;
    } catch (error) {
      // Not an error: the task was killed, and nobody waits.
      call.giveUp(
        error instanceof Error ? libraryError(error) : httpError('ERR_ABORTED', 'nobody waits any more'),
      );
      throw error instanceof Error ? libraryError(error) : error;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#forgetSockets();
    for (const call of this.#underway) call.giveUp(httpError('ERR_ABORTED', 'the client was closed'));
    await this.#agent.destroy();
  }
}

/** What undici is asked. A literal of one shape: what a spread makes is slow to read, and undici reads much. */
interface Asked {
  readonly asked: Dispatcher.DispatchOptions;
  /** A body that is still to be made a stream. */
  readonly pieces: BodyPieces | undefined;
}

/** @throws ERR_HTTP_URL, ERR_HTTP_HEADER, ERR_ARGUMENT. */
function requestOf(url: string, options: RequestOptions): Asked {
  const match = typeof url === 'string' ? URL_PARTS.exec(url) : null;
  if (match === null) throw httpError('ERR_HTTP_URL', 'a URL such as http://host:port/path is expected');
  const target = match[2] ?? '/';
  const headers: string[] = [];
  for (const [name, value] of options.headers === undefined ? [] : fieldsOf(options.headers)) {
    if (/^(?:transfer-encoding|connection|keep-alive|upgrade|expect)$/i.test(name))
      throw httpError('ERR_HTTP_HEADER', `the field ${name.toLowerCase()} is the client's`);
    headers.push(name, value);
  }
  let body = options.body ?? null;
  if (options.json !== undefined) {
    if (body !== null) throw httpError('ERR_ARGUMENT', 'a request has a body or json, not both');
    body = jsonOf(options.json);
    headers.push('content-type', 'application/json');
  }
  const isWhole = body === null || typeof body === 'string' || body instanceof Uint8Array;
  const asked = {
    origin: match[1] as string,
    path: checkTarget(target.startsWith('?') ? `/${target}` : target),
    method: checkToken(
      options.method ?? (body === null ? 'GET' : 'POST'),
      'name of a method',
    ) as Dispatcher.HttpMethod,
    headers,
    body: isWhole ? (body as string | Uint8Array | null) : null,
    // Times are looked after here.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  return { asked, pieces: isWhole ? undefined : (body as BodyPieces) };
}

/** @throws ERR_ARGUMENT for what JSON has no form for. */
function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // Told below.
  }
  if (text !== undefined) return text;
  throw httpError('ERR_ARGUMENT', 'json is a value that JSON has a form for');
}

/** A request under way. Called by undici outside of any turn; whoever waits goes on in one. */
class Call implements Dispatcher.DispatchHandler, BodySource {
  readonly arrival: Suspension<HttpResponse>;
  readonly #kernel: ServiceKernel;
  readonly #bodyLimit: number;
  readonly #done: (call: Call) => void;
  #abort: ((error?: Error) => void) | undefined = undefined;
  #resume: (() => void) | undefined = undefined;
  #held = false;
  #body: IncomingBody | undefined = undefined;
  #sending: Readable | undefined = undefined;
  #size = 0;
  #over = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  #forgetSignal: (() => void) | undefined = undefined;

  constructor(kernel: ServiceKernel, bodyLimit: number, done: (call: Call) => void) {
    this.#kernel = kernel;
    this.#bodyLimit = bodyLimit;
    this.#done = done;
    this.arrival = kernel.suspend<HttpResponse>();
  }

  limit(timeout: number, signal: AbortSignal | undefined): void {
    if (timeout > 0)
      this.#timer = setTimeout(
        () => this.giveUp(httpError('ERR_TIMEOUT', 'the request took too long')),
        timeout,
      );
    if (signal === undefined) return;
    const aborted = (): void => this.giveUp(httpError('ERR_ABORTED', 'the request was given up'));
    if (signal.aborted) {
      aborted();
      return;
    }
    signal.addEventListener('abort', aborted, { once: true });
    this.#forgetSignal = () => signal.removeEventListener('abort', aborted);
  }

  /** The body, from pieces. */
  send(pieces: BodyPieces): Readable {
    this.#sending = outgoingBody(this.#kernel, pieces, (error) => this.giveUp(error));
    return this.#sending;
  }

  /** Ends it with this error, wherever it is. */
  giveUp(error: SkynetError): void {
    if (this.#over) return;
    this.#settle();
    if (this.#body === undefined) this.arrival.reject(error);
    else this.#body.fail(error);
    this.#abort?.(error);
  }

  #settle(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#forgetSignal?.();
    this.#sending?.destroy();
    this.#done(this);
  }

  // --- undici: the older of its two kinds of handlers, for which it makes nothing of fields that nobody reads.

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#over) abort(httpError('ERR_ABORTED', 'the request was given up'));
  }

  onHeaders(status: number, fields: Buffer[], resume: () => void): boolean {
    if (this.#over || status < 200) return true;
    this.#resume = resume;
    const body = new IncomingBody(this.#kernel, this);
    this.#body = body;
    const headers = new Headers(textsOf(fields));
    this.arrival.resolve({ status, ok: status < 300, headers, body });
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > this.#bodyLimit)
      this.giveUp(httpError('ERR_HTTP_BODY_LIMIT', `the body is longer than ${this.#bodyLimit} bytes`));
    else if (!this.#over) this.#body?.copy(chunk);
    return !this.#held;
  }

  onComplete(trailers: string[] | Buffer[] | null): void {
    if (this.#over) return;
    this.#settle();
    this.#body?.end(textsOf(trailers ?? []));
  }

  onError(error: Error): void {
    if (this.#over) return;
    this.#settle();
    if (this.#body === undefined) this.arrival.reject(libraryError(error));
    else this.#body.fail(httpError('ERR_HTTP_BODY', 'the body breaks off', { cause: error }));
  }

  // --- body

  wanted(): void {
    // It comes by itself.
  }

  hold(on: boolean): void {
    this.#held = on;
    if (!on && !this.#over) this.#resume?.();
  }

  malformed(why: string): SkynetError {
    return httpError('ERR_HTTP_MESSAGE', why);
  }
}

/** Names in lower case and values in turn. */
function textsOf(raw: readonly (Buffer | string)[]): string[] {
  const texts: string[] = [];
  for (let i = 0; i < raw.length; i++) {
    const part = raw[i] as Buffer | string;
    const text = typeof part === 'string' ? part : part.toString('latin1');
    texts.push(i % 2 === 0 ? text.toLowerCase() : text);
  }
  return texts;
}

/** An error of the library, with a code of ours and its own as cause. */
function libraryError(error: Error): SkynetError {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && error.name === 'SkynetError') return error as SkynetError;
  return httpError('ERR_HTTP_CLIENT', error.message || 'the request failed', {
    cause: error,
    details: { code: typeof code === 'string' ? code : error.name },
  });
}
