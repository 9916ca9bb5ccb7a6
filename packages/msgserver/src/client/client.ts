import { randomkey } from '@skynet/core/crypt';
import { usernameOf } from '../username.ts';
import {
  contentBytes,
  decodeAnswer,
  encodeAck,
  handshakeText,
  parseStatus,
  RESULT,
  SESSION_SIZE,
} from '../wire.ts';
import { Deadline } from './deadline.ts';
import { ClientError, type ClientErrorCode, shown } from './errors.ts';
import { type ClientEvents, Emitter } from './events.ts';
import { FrameCutter, frameOf } from './frames.ts';
import {
  type ConnectOptions,
  type RequestOptions,
  type ResolvedOptions,
  resolveOptions,
  resolveRequest,
} from './options.ts';
import { RequestTable } from './request-table.ts';
import type { Stream } from './stream.ts';

/** Bytes of the largest request. */
export const MAX_REQUEST: number = 0xffff - SESSION_SIZE;

const NOTHING_SAID: RequestOptions = {};

/** `closed` is the end, whether `close` was called or the client failed. */
export type ClientState = 'connecting' | 'open' | 'closed';

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Connects to a message server (book §15). Resolves when the server has accepted the handshake; until `timeout` it is
 * tried again and again.
 * @throws ERR_CLIENT_REFUSED, ERR_CLIENT_SERVER, ERR_CLIENT_CONNECT, ERR_CLIENT_ABORTED, ERR_CLIENT_ARGUMENT.
 */
export async function connect(options: ConnectOptions): Promise<MsgClient> {
  const client = new MsgClient(resolveOptions(options));
  for (const [name, listener] of Object.entries(options.on ?? {}))
    client.on(name as keyof ClientEvents, listener as (event: unknown) => void);
  await client.open(options.signal);
  return client;
}

/**
 * A client of a message server. It keeps a connection: when one is lost it makes another, with the next index, and
 * sends again what was not answered, under the same sessions, so that the server answers from its memory what it has
 * worked on already.
 *
 * ```
 *             ┌──────────── wait, longer each time ◄──────────┐
 *             ▼                                               │ lost, or no connection
 * open() ► connecting ──► handshake and all that was sent ──► open
 *             │                     │
 *             └─ given up           └─ refused: failed, closed
 * ```
 *
 * Made by {@link connect}.
 */
export class MsgClient {
  readonly #options: ResolvedOptions;
  readonly #username: string;
  readonly #emitter = new Emitter();
  readonly #requests: RequestTable;
  #state: ClientState = 'connecting';
  /** Why it has come to its end. */
  #ended: ClientError | undefined;
  #stream: Stream | undefined;
  /** Index of the last handshake that was sent, or the one before the first. */
  #index: number;
  #lastPush: number;
  /** Whether the server knows the extension. */
  #extended = false;
  #ackDue = false;
  #everOpen = false;
  #openedAt = 0;
  /** Attempts in a row that came to nothing. */
  #failures = 0;
  #lastError: unknown;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #attemptLimit: Deadline | undefined;
  /** Runs while answers are due, from the last time that something came. */
  readonly #silence: Deadline;
  /** Runs from the loss of a connection to the next. */
  readonly #away: Deadline;
  #attempt: AbortController | undefined;
  #opening: { resolve: () => void; reject: (error: ClientError) => void } | undefined;

  /** Use {@link connect}. */
  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.#username = usernameOf(options.user, options.subid, options.server);
    this.#index = options.index - 1;
    this.#lastPush = options.lastPush;
    this.#silence = new Deadline(options.silence, () => this.#tooQuiet());
    this.#away = new Deadline(options.giveUpAfter, () => this.#awayTooLong());
    // A client that goes on with an old login must not meet sessions the server remembers.
    const first = options.index === 1 ? 0 : new DataView(randomkey().buffer).getUint32(0) >>> 1;
    this.#requests = new RequestTable(options.window, options.queue, first);
  }

  /** Whether it has a connection, is about to, or has come to its end. */
  get state(): ClientState {
    return this.#state;
  }

  /** The name it connects under. */
  get username(): string {
    return this.#username;
  }

  /** Index of the last handshake. A later client of the same login has to begin above it. */
  get index(): number {
    return this.#index;
  }

  /** Number of the last push that came. */
  get lastPush(): number {
    return this.#lastPush;
  }

  /** Whether the server keeps pushes until this client has got them. */
  get extended(): boolean {
    return this.#extended;
  }

  /** Requests that are not answered. */
  get pending(): number {
    return this.#requests.size;
  }

  /** Listens to an event; the function returned ends that. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  // --- requests

  /**
   * Sends a request; resolves to the answer. It may be called at any time: what cannot be sent now is sent when there is
   * a connection. The server works on it once, however often connections are lost, as long as it remembers it.
   * @throws ERR_CLIENT_REQUEST when the server's handler failed, ERR_CLIENT_TIMEOUT, ERR_CLIENT_ABORTED,
   * ERR_CLIENT_CLOSED, ERR_CLIENT_TOO_LARGE, ERR_CLIENT_BUSY, and what the client failed with.
   */
  request(content: string | Uint8Array, options?: RequestOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { timeout = this.#options.requestTimeout, signal } =
        options === undefined ? NOTHING_SAID : resolveRequest(options);
      if (this.#ended !== undefined) throw this.#ended;
      const bytes = contentOf(content);
      const giveUp = (code: ClientErrorCode, message: string, cause?: unknown): void => {
        this.#requests.take(request.session);
        request.settle(new ClientError(code, message, cause === undefined ? {} : { cause }));
        this.#sendDue();
      };
      const onAbort = (): void => giveUp('ERR_CLIENT_ABORTED', 'the request was given up', signal?.reason);
      if (signal?.aborted) {
        throw new ClientError('ERR_CLIENT_ABORTED', 'the request was given up', { cause: signal.reason });
      }
      const deadline = new Deadline(timeout, () =>
        giveUp('ERR_CLIENT_TIMEOUT', `no answer within ${timeout} ms`),
      );
      const request = this.#requests.add(bytes, (answer) => {
        deadline.stop();
        signal?.removeEventListener('abort', onAbort);
        if (answer instanceof ClientError) reject(answer);
        else resolve(answer);
      });
      signal?.addEventListener('abort', onAbort);
      if (timeout > 0) deadline.start();
      this.#sendDue();
    });
  }

  #sendDue(): void {
    if (this.#state !== 'open') return;
    const idle = this.#requests.inFlight === 0;
    for (const request of this.#requests.due()) this.#stream?.write(request.frame);
    if (idle) this.#watchSilence();
  }

  // --- the end

  /** Closes the connection; requests that are not answered fail with ERR_CLIENT_CLOSED. */
  close(): void {
    this.#end(new ClientError('ERR_CLIENT_CLOSED', 'the client was closed'));
  }

  #fail(error: ClientError): void {
    if (this.#end(error)) this.#emitter.emit('failed', error);
  }

  #end(error: ClientError): boolean {
    if (this.#state === 'closed') return false;
    this.#state = 'closed';
    this.#ended = error;
    clearTimeout(this.#retryTimer);
    this.#away.stop();
    this.#attempt?.abort(error);
    const stream = this.#stream;
    this.#letGo();
    stream?.close();
    for (const request of this.#requests.clear()) request.settle(error);
    this.#opening?.reject(error);
    this.#opening = undefined;
    return true;
  }

  // --- connections

  /** Makes the first connection. Called by {@link connect}. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    const { timeout } = this.#options;
    const opened = new Promise<void>((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    const onAbort = (): void => {
      this.#end(new ClientError('ERR_CLIENT_ABORTED', 'connecting was given up', { cause: signal?.reason }));
    };
    const deadline = new Deadline(timeout, () => {
      const text = this.#lastError === undefined ? '' : `: ${textOf(this.#lastError)}`;
      this.#end(
        new ClientError('ERR_CLIENT_CONNECT', `no connection within ${timeout} ms${text}`, {
          cause: this.#lastError,
        }),
      );
    }).start();
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    else void this.#connect();
    try {
      await opened;
    } finally {
      deadline.stop();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Gives the connection up for a new one, at once: for an application that knows better (the network has changed, the
   * page is visible again), and for tests. Nothing is lost by it.
   */
  drop(): void {
    if (this.#state === 'closed') return;
    this.#failures = 0;
    if (this.#stream !== undefined) this.#lost(undefined);
    else if (this.#attempt === undefined) {
      clearTimeout(this.#retryTimer);
      void this.#connect();
    }
  }

  async #connect(): Promise<void> {
    const controller = new AbortController();
    this.#attempt = controller;
    this.#attemptLimit = new Deadline(this.#options.timeout, () => {
      const error = new ClientError('ERR_CLIENT_CONNECT', `no connection within ${this.#options.timeout} ms`);
      controller.abort(error);
      this.#lost(error);
    }).start();
    try {
      const stream = await this.#options.dial(controller.signal);
      if (this.#attempt === controller && !controller.signal.aborted) this.#greet(stream);
      else stream.destroy();
    } catch (error) {
      if (this.#attempt === controller) this.#lost(error);
    }
  }

  /** Sends the handshake, and behind it, in the same write, all that was sent before and was not answered. */
  #greet(stream: Stream): void {
    const reader = new FrameCutter();
    this.#stream = stream;
    this.#index++;
    let shaken = false;
    const repeated = this.#requests.sent();
    const isCurrent = (): boolean => this.#stream === stream;
    const onFrame = (frame: Uint8Array): void => {
      if (!isCurrent()) return;
      if (shaken) this.#frame(frame);
      else {
        shaken = true;
        this.#status(new TextDecoder().decode(frame), repeated.length);
      }
    };
    const over = (error?: Error): void => {
      if (isCurrent()) this.#lost(error);
    };
    const { push, secret } = this.#options;
    stream.start({
      data: (chunk) => {
        if (!isCurrent()) return;
        reader.push(chunk, onFrame);
        this.#watchSilence();
        this.#acknowledge();
      },
      end: () => over(),
      drained: () => {},
      error: over,
      closed: () => over(),
    });
    stream.write(
      frameOf(
        contentBytes(handshakeText(this.#username, this.#index, secret, push ? this.#lastPush : undefined)),
      ),
    );
    for (const request of repeated) stream.write(request.frame);
  }

  #status(text: string, repeated: number): void {
    const { code, firstPush } = parseStatus(text);
    if (code !== 200) {
      this.#fail(
        code === 0
          ? new ClientError('ERR_CLIENT_SERVER', `not a status: "${shown(text)}"`)
          : new ClientError('ERR_CLIENT_REFUSED', `handshake refused: ${shown(text)}`, {
              details: { status: code },
            }),
      );
      return;
    }
    this.#attemptLimit?.stop();
    this.#away.stop();
    this.#attempt = undefined;
    this.#state = 'open';
    this.#openedAt = performance.now();
    this.#extended = firstPush !== undefined;
    this.#lastError = undefined;
    if (firstPush !== undefined) this.#pushesBefore(firstPush);
    this.#sendDue();
    this.#watchSilence();
    const index = this.#index;
    if (this.#everOpen) this.#emitter.emit('reconnected', { index, repeated });
    else {
      this.#everOpen = true;
      this.#emitter.emit('connected', { index });
    }
    this.#opening?.resolve();
    this.#opening = undefined;
  }

  #frame(frame: Uint8Array): void {
    const answer = decodeAnswer(frame);
    if (answer === undefined) {
      this.#fail(new ClientError('ERR_CLIENT_SERVER', `the server sent an answer of ${frame.length} bytes`));
      return;
    }
    this.#failures = 0;
    const content = answer.content.slice();
    if (answer.result === RESULT.push && this.#extended) {
      this.#push(answer.session, content);
      return;
    }
    // Answers that nobody waits for any more belong to requests that were given up.
    const request = this.#requests.take(answer.session);
    if (answer.result === RESULT.ok) request?.settle(content);
    else request?.settle(new ClientError('ERR_CLIENT_REQUEST', 'the server failed to answer the request'));
    this.#sendDue();
  }

  // --- pushes

  #push(number: number, content: Uint8Array): void {
    this.#ackDue = true;
    if (number <= this.#lastPush) return;
    this.#pushesBefore(number);
    this.#lastPush = number;
    this.#emitter.emit('push', content);
  }

  /** The next push to come is this one; tells if it should have been another. */
  #pushesBefore(number: number): void {
    const count = number - this.#lastPush - 1;
    if (count <= 0) return;
    this.#lastPush = number - 1;
    this.#emitter.emit('missed', { count });
  }

  #acknowledge(): void {
    if (!this.#ackDue) return;
    this.#ackDue = false;
    this.#stream?.write(frameOf(encodeAck(this.#lastPush)));
  }

  // --- lost connections

  #letGo(): void {
    this.#attemptLimit?.stop();
    this.#silence.stop();
    this.#attempt = undefined;
    this.#stream = undefined;
    this.#ackDue = false;
  }

  #lost(error: unknown): void {
    const stream = this.#stream;
    this.#letGo();
    stream?.destroy();
    if (this.#state === 'closed') return;
    if (error !== undefined) this.#lastError = error;
    const wasOpen = this.#state === 'open';
    this.#state = 'connecting';
    const now = performance.now();
    const { giveUpAfter, backoff } = this.#options;
    if (wasOpen && giveUpAfter > 0) this.#away.start();
    if (wasOpen && now - this.#openedAt >= backoff.max) this.#failures = 0;
    const longest = Math.min(backoff.max, backoff.first * 2 ** Math.min(this.#failures++, 30));
    this.#retryTimer = setTimeout(() => void this.#connect(), longest * (0.5 + Math.random() / 2));
    if (wasOpen) this.#emitter.emit('disconnected', { error: error instanceof Error ? error : undefined });
  }

  /** Something came, or is due from now on. */
  #watchSilence(): void {
    if (this.#options.silence > 0 && this.#requests.inFlight > 0) this.#silence.start();
  }

  /** Gives a connection up that is dead and does not know it. */
  #tooQuiet(): void {
    if (this.#state !== 'open' || this.#requests.inFlight === 0) return;
    this.#lost(new ClientError('ERR_CLIENT_CONNECT', `nothing came for ${this.#options.silence} ms`));
  }

  #awayTooLong(): void {
    const error = new ClientError('ERR_CLIENT_CONNECT', `no connection for ${this.#options.giveUpAfter} ms`, {
      cause: this.#lastError,
    });
    this.#fail(error);
  }
}

/** @throws ERR_CLIENT_TOO_LARGE, ERR_CLIENT_ARGUMENT. */
function contentOf(content: string | Uint8Array): Uint8Array {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  if (!(bytes instanceof Uint8Array))
    throw new ClientError('ERR_CLIENT_ARGUMENT', 'a request is a string or a Uint8Array');
  if (bytes.length <= MAX_REQUEST) return bytes;
  throw new ClientError(
    'ERR_CLIENT_TOO_LARGE',
    `a request of ${bytes.length} bytes is above the limit of ${MAX_REQUEST}`,
    {
      details: { size: bytes.length, limit: MAX_REQUEST },
    },
  );
}
