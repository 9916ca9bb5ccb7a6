import { type PlainOptionReader, readPlainOptions } from '@skynet/core/options';
import type { Pushed } from '../contract.ts';
import { clientError } from './errors.ts';
import type { PlayerEvents } from './events.ts';
import type { MessageClient, MessageConnect, Ticket } from './ports.ts';

/** Listeners by the name of a push or an event. */
export type Listeners<Pushes> = {
  readonly [Name in keyof Pushes]?: (value: Pushed<Pushes, Name>) => void;
} & { readonly [Name in keyof PlayerEvents]?: (event: PlayerEvents[Name]) => void };

/** What {@link connectPlayer} needs to know. */
export interface ConnectPlayerOptions<Pushes> {
  /** Logs in: `() => login({ dial, server, user, password })`. Called again when the server has forgotten the login. */
  login: (signal: AbortSignal) => Promise<Ticket>;
  /** Connects: `(options) => connect({ ...options, dial })`. */
  connect: (options: MessageConnect) => Promise<MessageClient>;
  /** Listeners that are there from the start; `client.on(name, listener)` adds others. */
  on?: Listeners<Pushes>;
  /** Milliseconds a request may take unless it says otherwise, from its call on. Default 30 000; 0: for ever. */
  requestTimeout?: number;
  /** Requests that may wait for a connection, or for their turn. Default 1024. */
  queue?: number;
  /** Requests under way. Default 64. */
  window?: number;
  /**
   * Milliseconds before the next attempt to log in, twice as long each time, up to half of it left off by chance. Default 250, at
   * most 10 000.
   */
  backoff?: { first?: number; max?: number };
  /** Gives the first login and connection up. */
  signal?: AbortSignal;
}

/** What a request may be given. */
export interface PlayerRequestOptions {
  /** Milliseconds until it fails; 0: for ever. Default: `requestTimeout` of the client. */
  timeout?: number;
  /** Gives it up. */
  signal?: AbortSignal;
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly login: (signal: AbortSignal) => Promise<Ticket>;
  readonly connect: (options: MessageConnect) => Promise<MessageClient>;
  readonly on: ReadonlyMap<string, (value: never) => void>;
  readonly requestTimeout: number;
  readonly queue: number;
  readonly window: number;
  readonly first: number;
  readonly max: number;
  readonly signal: AbortSignal | undefined;
}

const LONGEST = 0x7fff_ffff;

const optionError = (message: string, details: { readonly key: string }) =>
  clientError('ERR_PLAYER_ARGUMENT', message, { details });

function signalOf(options: PlainOptionReader<{ signal?: AbortSignal }>): AbortSignal | undefined {
  const signal = options.value('signal');
  return signal === undefined || signal instanceof AbortSignal
    ? signal
    : options.wrong('signal', 'an AbortSignal');
}

/** @throws ERR_PLAYER_ARGUMENT, naming the option. */
export function resolveOptions<Pushes>(given: ConnectPlayerOptions<Pushes>): ResolvedOptions {
  return readPlainOptions(
    'player option',
    given as ConnectPlayerOptions<never>,
    (options) => {
      options.callable('login', true);
      options.callable('connect', true);
      const on = Object.entries((options.value('on') ?? {}) as object).filter(([, one]) => one !== undefined);
      if (on.some(([, listener]) => typeof listener !== 'function')) options.wrong('on', 'functions by name');
      const backoff = options.group('backoff');
      return {
        login: given.login,
        connect: given.connect,
        on: new Map(on),
        requestTimeout: options.whole('requestTimeout', 0, LONGEST, 30_000),
        queue: options.whole('queue', 1, LONGEST, 1024),
        window: options.whole('window', 1, 1024, 64),
        first: backoff.whole('first', 0, LONGEST, 250),
        max: backoff.whole('max', 0, LONGEST, 10_000),
        signal: signalOf(options),
      };
    },
    optionError,
  );
}

/** @throws ERR_PLAYER_ARGUMENT. */
export function resolveRequest(given: PlayerRequestOptions): {
  timeout: number | undefined;
  signal: AbortSignal | undefined;
} {
  return readPlainOptions(
    'request option',
    given,
    (options) => ({
      timeout: options.whole('timeout', 0, LONGEST, undefined),
      signal: signalOf(options),
    }),
    optionError,
  );
}
