import type { CodesOf, Pushed, PushesOf, RequestsOf } from '../contract.ts';
import { decodeBody, encodeRequest, type KickReason, MAX_REQUEST, SYSTEM } from '../wire.ts';
import { clientError, PlayerError } from './errors.ts';
import { Emitter, type PlayerEvents } from './events.ts';
import {
  type ConnectPlayerOptions,
  type PlayerRequestOptions,
  type ResolvedOptions,
  resolveOptions,
  resolveRequest,
} from './options.ts';
import type { MessageClient } from './ports.ts';

/** `closed` is the end, whether `close` was called, the server has thrown the player out, or the client failed. */
export type PlayerState = 'connecting' | 'open' | 'lost' | 'closed';

type AskArguments<Input> = [Input] extends [undefined]
  ? [input?: undefined, options?: PlayerRequestOptions]
  : undefined extends Input
    ? [input?: Input, options?: PlayerRequestOptions]
    : [input: Input, options?: PlayerRequestOptions];

/** The requests of a player as its client calls them. */
export type Asks<Requests> = {
  readonly [Name in keyof Requests]: Requests[Name] extends {
    readonly __input?: (input: infer Input) => void;
    readonly __output?: infer Output;
  }
    ? (...args: AskArguments<Input>) => Promise<Output>
    : never;
};

/** A player's client, with the types of the player: made by {@link connectPlayer}. */
export interface PlayerClient<Of = unknown> {
  /**
   * Asks: `await client.request.buy('sword')`. It may be called at any time: what cannot be sent now is sent when there
   * is a connection, and the server works on it once, however often connections are lost.
   * Rejects with a {@link PlayerError}.
   */
  readonly request: Asks<RequestsOf<Of>>;
  /** Whether there is a connection, or why there is none. */
  readonly state: PlayerState;
  /** Requests not answered. */
  readonly pending: number;
  /** Listens to a push or an event; the function returned ends that. */
  on<Name extends keyof PushesOf<Of> & string>(
    name: Name,
    listener: (value: Pushed<PushesOf<Of>, Name>) => void,
  ): () => void;
  on<Name extends keyof PlayerEvents>(name: Name, listener: (event: PlayerEvents[Name]) => void): () => void;
  /** Whether an error is the server's refusal with that code, one of the player's own. */
  refused<Code extends CodesOf<Of>>(error: unknown, code: Code): error is PlayerError<Code>;
  /** Gives the connection up for a new one: when the application knows that the network has changed. */
  drop(): void;
  /** Ends the client; what is not answered fails with ERR_PLAYER_CLOSED. The player lives on for a while. */
  close(): void;
}

/** A request that is not answered yet. */
interface Ask {
  readonly body: Uint8Array;
  readonly signal: AbortSignal | undefined;
  /** When it fails; 0: never. */
  readonly until: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PlayerError) => void;
  /** While it waits. */
  timer: ReturnType<typeof setTimeout> | undefined;
  stop: (() => void) | undefined;
}

/**
 * Logs a player in and connects. Resolves when there is a connection; from then on the client comes back by itself
 * whenever one is lost, and logs in anew when the server has forgotten the login. Types come from the player's module:
 * `connectPlayer<typeof import('../services/player.ts')>({ login, connect })`.
 * @throws ERR_PLAYER_ARGUMENT, what `login` and `connect` throw.
 */
export async function connectPlayer<Of>(
  options: ConnectPlayerOptions<PushesOf<Of>>,
): Promise<PlayerClient<Of>> {
  const client = new Client(resolveOptions(options));
  await client.start();
  return client as unknown as PlayerClient<Of>;
}

class Client {
  readonly request: object;
  readonly #options: ResolvedOptions;
  readonly #emitter = new Emitter();
  readonly #waiting = new Set<Ask>();
  readonly #end = new AbortController();
  #state: PlayerState = 'connecting';
  #ended: PlayerError | undefined;
  #messages: MessageClient | undefined;
  #inFlight = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;

  constructor(options: ResolvedOptions) {
    this.#options = options;
    for (const [name, listener] of options.on) this.#emitter.on(name, listener);
    this.request = methods((name, input, given) => this.#ask(name, input, given));
  }

  get state(): PlayerState {
    return this.#state;
  }

  get pending(): number {
    return this.#waiting.size + this.#inFlight;
  }

  on(name: string, listener: (value: never) => void): () => void {
    return this.#emitter.on(name, listener);
  }

  refused(error: unknown, code: string): boolean {
    return error instanceof PlayerError && error.code === code;
  }

  drop(): void {
    this.#messages?.drop();
  }

  close(): void {
    this.#over(clientError('ERR_PLAYER_CLOSED', 'the client was closed'));
  }

  // --- logging in

  async start(): Promise<void> {
    const { signal } = this.#options;
    const giveUp = (): void => this.#end.abort(signal?.reason);
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp);
    try {
      this.#end.signal.throwIfAborted();
      await this.#enter();
    } catch (cause) {
      const error = this.#end.signal.aborted
        ? clientError('ERR_PLAYER_ABORTED', 'connecting was given up', { cause })
        : cause;
      this.#over(clientError('ERR_PLAYER_CLOSED', 'the client could not connect', { cause }));
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
    if (this.#state === 'closed') throw this.#ended;
  }

  async #enter(): Promise<void> {
    const { signal } = this.#end;
    const isFresh = this.#state === 'lost';
    const ticket = await this.#options.login(signal);
    // Whose messages are of an older login are not listened to.
    const life = {};
    this.#life = life;
    const mine = (): boolean => this.#life === life && this.#state !== 'closed';
    const messages = await this.#options.connect({
      ...ticket,
      signal,
      window: this.#options.window,
      on: {
        push: (bytes) => {
          if (mine()) this.#heard(bytes);
        },
        missed: (event) => {
          if (mine()) this.#emitter.emit('missed', event);
        },
        disconnected: ({ error }) => {
          if (!mine()) return;
          this.#state = 'lost';
          this.#emitter.emit('lost', { error });
        },
        reconnected: () => {
          if (mine()) this.#opened(false, 'resumed');
        },
        failed: (error) => {
          if (mine()) this.#forgotten(error);
        },
      },
    });
    if (!mine()) {
      messages.close();
      return;
    }
    this.#messages = messages;
    this.#attempts = 0;
    // Lost again already: it comes back by itself.
    if (messages.state === 'open') this.#opened(isFresh, isFresh ? 'resumed' : 'connected');
  }

  #life: object | undefined;
  /** Gives up the connection to a server that closes; undefined where there is none. */
  #leave: (() => void) | undefined;

  #opened(fresh: boolean, event: 'connected' | 'resumed'): void {
    this.#state = 'open';
    this.#sendWaiting();
    if (event === 'connected') this.#emitter.emit('connected', undefined);
    else this.#emitter.emit('resumed', { fresh });
  }

  /** The server does not know this login any more, or the connection is given up: log in anew. */
  #forgotten(error: Error): void {
    this.#messages = undefined;
    this.#life = undefined;
    if (this.#state !== 'lost') {
      this.#state = 'lost';
      this.#emitter.emit('lost', { error });
    }
    this.#again(0);
  }

  #again(wait: number): void {
    if (this.#state === 'closed') return;
    this.#timer = setTimeout(() => {
      this.#enter().catch((error: unknown) => {
        if (this.#state === 'closed') return;
        const { code, details } = error as { code?: string; details?: { status?: number } };
        const isFinal =
          code === 'ERR_CLIENT_ARGUMENT' || (code === 'ERR_CLIENT_LOGIN' && details?.status === 401);
        if (isFinal) {
          this.#fail(
            clientError('ERR_PLAYER_CONNECT', `logging in anew failed: ${textOf(error)}`, { cause: error }),
          );
          return;
        }
        const { first, max } = this.#options;
        const longest = Math.min(max, first * 2 ** Math.min(this.#attempts++, 30));
        this.#again(longest * (0.5 + Math.random() / 2));
      });
    }, wait);
  }

  // --- the end

  #fail(error: PlayerError): void {
    if (this.#over(error)) this.#emitter.emit('failed', error);
  }

  #over(error: PlayerError): boolean {
    if (this.#state === 'closed') return false;
    this.#state = 'closed';
    this.#ended = error;
    this.#leave?.();
    clearTimeout(this.#timer);
    this.#end.abort(error);
    this.#messages?.close();
    this.#messages = undefined;
    for (const ask of [...this.#waiting]) this.#settle(ask, error);
    return true;
  }

  // --- pushes

  #heard(bytes: Uint8Array): void {
    const [name, value, ...rest] = decodeBody(bytes) ?? [];
    if (typeof name !== 'string') {
      this.#fail(clientError('ERR_PLAYER_SERVER', 'the server sent what is no push'));
      return;
    }
    if (name !== SYSTEM) this.#emitter.push(name, value);
    else if (value === 'kicked') this.#kicked(rest[0] as KickReason, String(rest[1]));
    else if (value === 'closing') this.#closing(Number(rest[0]), String(rest[1]));
  }

  #kicked(reason: KickReason, text: string): void {
    const error = clientError('ERR_PLAYER_KICKED', text, { details: { reason } });
    if (this.#over(error)) this.#emitter.emit('kicked', { reason, text });
  }

  /** The server closes, and another takes its place. */
  #closing(after: number, text: string): void {
    const messages = this.#messages;
    const time = Number.isFinite(after) ? after : 0;
    this.#messages = undefined;
    this.#life = undefined;
    this.#state = 'lost';
    // What was asked is still answered; what is asked from now on waits.
    this.#leave = () => {
      this.#leave = undefined;
      clearTimeout(this.#timer);
      messages?.close();
      this.#again(Math.random() * time);
    };
    if (this.#inFlight === 0) this.#leave();
    else this.#timer = setTimeout(this.#leave, time);
    this.#emitter.emit('lost', { error: clientError('ERR_PLAYER_LOST', text) });
  }

  // --- requests

  #ask(name: string, input: unknown, given: PlayerRequestOptions | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { timeout = this.#options.requestTimeout, signal } =
        given === undefined ? { signal: undefined } : resolveRequest(given);
      if (this.#ended !== undefined) throw this.#ended;
      if (signal?.aborted)
        throw clientError('ERR_PLAYER_ABORTED', 'the request was given up', { cause: signal.reason });
      const ask: Ask = {
        body: bodyOf(name, input),
        signal,
        until: timeout === 0 ? 0 : performance.now() + timeout,
        resolve,
        reject,
        timer: undefined,
        stop: undefined,
      };
      if (this.#state === 'open' && this.#inFlight < this.#options.window) this.#send(ask);
      else this.#wait(ask, timeout);
    });
  }

  #wait(ask: Ask, timeout: number): void {
    const { queue } = this.#options;
    if (this.#waiting.size >= queue)
      throw clientError('ERR_PLAYER_BUSY', `${queue} requests wait already`, { details: { limit: queue } });
    this.#waiting.add(ask);
    if (timeout > 0)
      ask.timer = setTimeout(
        () => this.#settle(ask, clientError('ERR_PLAYER_TIMEOUT', `no connection within ${timeout} ms`)),
        timeout,
      );
    const { signal } = ask;
    if (signal === undefined) return;
    const onAbort = (): void =>
      this.#settle(
        ask,
        clientError('ERR_PLAYER_ABORTED', 'the request was given up', { cause: signal.reason }),
      );
    signal.addEventListener('abort', onAbort);
    ask.stop = () => signal.removeEventListener('abort', onAbort);
  }

  #unwait(ask: Ask): void {
    this.#waiting.delete(ask);
    clearTimeout(ask.timer);
    ask.stop?.();
  }

  #settle(ask: Ask, error: PlayerError): void {
    this.#unwait(ask);
    ask.reject(error);
  }

  #sendWaiting(): void {
    for (const ask of this.#waiting) {
      if (this.#state !== 'open' || this.#inFlight >= this.#options.window) return;
      this.#unwait(ask);
      this.#send(ask);
    }
  }

  #send(ask: Ask): void {
    const { until, signal } = ask;
    const timeout = until === 0 ? 0 : Math.max(1, Math.round(until - performance.now()));
    this.#inFlight++;
    (this.#messages as MessageClient)
      .request(ask.body, signal === undefined ? { timeout } : { timeout, signal })
      .then(
        (bytes) => {
          this.#done();
          answer(ask, bytes);
          if (this.#waiting.size > 0) this.#sendWaiting();
        },
        (error: unknown) => {
          this.#done();
          ask.reject(this.#ended ?? failureOf(error));
          if (this.#waiting.size > 0) this.#sendWaiting();
        },
      );
  }

  #done(): void {
    if (--this.#inFlight === 0) this.#leave?.();
  }
}

/** An object with a method for every name there could be. */
function methods(
  run: (name: string, input: unknown, options: PlayerRequestOptions | undefined) => unknown,
): object {
  const made = new Map<string, (input: unknown, options?: PlayerRequestOptions) => unknown>();
  return new Proxy(
    {},
    {
      get(_target, name) {
        // Who awaits it must not take it for a promise.
        if (typeof name !== 'string' || name === 'then') return undefined;
        let method = made.get(name);
        if (method === undefined) {
          method = (input, options) => run(name, input, options);
          made.set(name, method);
        }
        return method;
      },
    },
  );
}

/** @throws ERR_PLAYER_TOO_LARGE, ERR_PLAYER_ARGUMENT. */
function bodyOf(name: string, input: unknown): Uint8Array {
  let body: Uint8Array;
  try {
    body = encodeRequest(name, input);
  } catch (cause) {
    throw clientError('ERR_PLAYER_ARGUMENT', `the request ${name} cannot be sent: ${textOf(cause)}`, {
      cause,
    });
  }
  if (body.length <= MAX_REQUEST) return body;
  throw new PlayerError(
    'ERR_PLAYER_TOO_LARGE',
    `a request of ${body.length} bytes is above the limit of ${MAX_REQUEST}`,
    {
      details: { size: body.length, limit: MAX_REQUEST },
    },
  );
}

function answer(ask: Ask, bytes: Uint8Array): void {
  const body = decodeBody(bytes);
  if (body === undefined) ask.reject(clientError('ERR_PLAYER_SERVER', 'the server sent what is no answer'));
  else if (body.length < 2) ask.resolve(body[0]);
  else ask.reject(new PlayerError(String(body[0]), String(body[1]), { details: body[2] }));
}

/** What a failed request of the message server's client means for the player. */
function failureOf(cause: unknown): PlayerError {
  const text = textOf(cause);
  switch ((cause as { code?: string }).code) {
    case 'ERR_CLIENT_TIMEOUT':
      return clientError('ERR_PLAYER_TIMEOUT', text, { cause });
    case 'ERR_CLIENT_ABORTED':
      return clientError('ERR_PLAYER_ABORTED', text, { cause });
    case 'ERR_CLIENT_REQUEST':
      return new PlayerError('ERR_PLAYER_FAILED', text, { cause });
    default:
      return clientError('ERR_PLAYER_LOST', 'the login was made anew: the request may have been worked on', {
        cause,
      });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
