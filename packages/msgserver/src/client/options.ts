import { type OptionError, type PlainOptionReader, readPlainOptions } from '@skynet/core/options';
import type { NamePart } from '../username.ts';
import { ClientError } from './errors.ts';
import { type ClientEvents, EVENTS } from './events.ts';
import type { Dial } from './stream.ts';

/** How long to wait before the next attempt to connect. */
export interface Backoff {
  /** Milliseconds before the first. Default 100. */
  first?: number;
  /** Twice as long each time, up to so many milliseconds. Default 10 000. Up to half of it is left off, by chance. */
  max?: number;
}

/** What `connect` needs to know. */
export interface ConnectOptions {
  /** Makes a connection to the message server. */
  dial: Dial;
  /** User, game server, subid and secret: what `login` gave. */
  user: NamePart;
  server: NamePart;
  subid: NamePart;
  secret: Uint8Array;
  /**
   * Index of the first handshake. Default 1. A client that goes on with an old login must begin above every index that
   * was used before: keep `client.index`.
   */
  index?: number;
  /** Milliseconds for the first connection, and for each attempt after it. Default 10 000. */
  timeout?: number;
  /** Gives the first connection up. */
  signal?: AbortSignal;
  /** Milliseconds a request may take unless it says otherwise. Default 30 000; 0: for ever. */
  requestTimeout?: number;
  /**
   * Milliseconds: while answers are due and nothing comes for so long, the connection is given up for a new one. Default
   * 15 000; 0: never. A request that takes longer is not harmed by it.
   */
  silence?: number;
  /** Requests sent and not answered. Others wait. Default 64; not above half of what the server keeps of answers. */
  window?: number;
  /** Requests that may wait. Default 1024. */
  queue?: number;
  /** How long to wait before each attempt to connect again. */
  backoff?: Backoff;
  /** Milliseconds without a connection after which it fails. Default 0: it never gives up. */
  giveUpAfter?: number;
  /** Ask for pushes that survive a lost connection, if the server knows how. Default true. */
  push?: boolean;
  /** Number of the last push that has come, for a client that goes on with an old login: `client.lastPush`. Default 0. */
  lastPush?: number;
  /** Listeners that are there from the start, so that no push is missed that comes with the connection. */
  on?: { readonly [Name in keyof ClientEvents]?: (event: ClientEvents[Name]) => void };
}

type Numbers =
  | 'index'
  | 'timeout'
  | 'requestTimeout'
  | 'silence'
  | 'window'
  | 'queue'
  | 'giveUpAfter'
  | 'lastPush';

/** What a request may be given. */
export interface RequestOptions {
  /** Milliseconds until it fails; 0: for ever. Default: the client's `requestTimeout`. */
  timeout?: number | undefined;
  /** Gives it up. */
  signal?: AbortSignal | undefined;
}

const MOST = Number.MAX_SAFE_INTEGER;
/** The longest a timer of the host can wait, in milliseconds. */
const LONGEST = 0x7fff_ffff;

/** Options with every default filled in. */
export type ResolvedOptions = Readonly<
  Required<Pick<ConnectOptions, Numbers | 'dial' | 'user' | 'server' | 'subid' | 'secret' | 'push'>>
> & { readonly backoff: Readonly<Required<Backoff>> };

const clientError: OptionError = (message, details) =>
  new ClientError('ERR_CLIENT_ARGUMENT', message, { details });

/** Eight bytes, which are not shown when they are none. */
function secretOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array && value.length === 8) return value.slice();
  throw clientError('client option secret must be 8 bytes', { key: 'secret' });
}

function namePart(options: PlainOptionReader<ConnectOptions>, key: 'user' | 'server' | 'subid'): NamePart {
  const value = options.value(key);
  if (value instanceof Uint8Array) return value;
  return ['string', 'number', 'bigint'].includes(typeof value)
    ? (value as NamePart)
    : options.wrong(key, 'text, a number or bytes');
}

function signalOf(options: PlainOptionReader<{ signal?: AbortSignal | undefined }>): AbortSignal | undefined {
  const signal = options.value('signal');
  return signal === undefined || signal instanceof AbortSignal
    ? signal
    : options.wrong('signal', 'an AbortSignal');
}

function backoffOf(options: PlainOptionReader<Backoff>): Readonly<Required<Backoff>> {
  return { first: options.whole('first', 0, MOST, 100), max: options.whole('max', 0, MOST, 10_000) };
}

/** Checks options and fills in the defaults. @throws ERR_CLIENT_ARGUMENT, naming the option. */
export function resolveOptions(given: ConnectOptions): ResolvedOptions {
  return readPlainOptions(
    'client option',
    given,
    (options) => {
      options.callable('dial', true);
      const listeners = options.group('on');
      for (const name of EVENTS) listeners.callable(name, false);
      signalOf(options);
      return {
        dial: given.dial,
        user: namePart(options, 'user'),
        server: namePart(options, 'server'),
        subid: namePart(options, 'subid'),
        secret: secretOf(options.value('secret')),
        push: options.flag('push', true),
        index: options.whole('index', 1, MOST, 1),
        timeout: options.whole('timeout', 1, LONGEST, 10_000),
        requestTimeout: options.whole('requestTimeout', 0, LONGEST, 30_000),
        silence: options.whole('silence', 0, LONGEST, 15_000),
        window: options.whole('window', 1, MOST, 64),
        queue: options.whole('queue', 1, MOST, 1024),
        giveUpAfter: options.whole('giveUpAfter', 0, LONGEST, 0),
        lastPush: options.whole('lastPush', 0, MOST, 0),
        backoff: backoffOf(options.group('backoff')),
      };
    },
    clientError,
  );
}

/** What a request was given, checked. @throws ERR_CLIENT_ARGUMENT. */
export function resolveRequest(given: RequestOptions): RequestOptions {
  return readPlainOptions(
    'request option',
    given,
    (options) => ({
      timeout: options.whole('timeout', 0, LONGEST, undefined),
      signal: signalOf(options),
    }),
    clientError,
  );
}
