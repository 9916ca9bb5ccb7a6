import type { NamePart } from '../username.ts';
import { ClientError } from './errors.ts';
import type { ClientEvents } from './events.ts';
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

/** Options with every default filled in. */
export type ResolvedOptions = Readonly<
  Required<Pick<ConnectOptions, Numbers | 'dial' | 'user' | 'server' | 'subid' | 'secret' | 'push'>>
> & { readonly backoff: Readonly<Required<Backoff>> };

function whole(key: string, value: number | undefined, from: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= from) return value;
  throw new ClientError(
    'ERR_CLIENT_ARGUMENT',
    `client option ${key} must be a whole number from ${from} on`,
    {
      details: { key },
    },
  );
}

/** Checks options and fills in the defaults. @throws ERR_CLIENT_ARGUMENT, naming the option. */
export function resolveOptions(options: ConnectOptions): ResolvedOptions {
  const { dial, user, server, subid, secret, push = true, backoff = {} } = options;
  if (typeof dial !== 'function') {
    throw new ClientError('ERR_CLIENT_ARGUMENT', 'client option dial must be a function', {
      details: { key: 'dial' },
    });
  }
  if (!(secret instanceof Uint8Array) || secret.length !== 8) {
    throw new ClientError('ERR_CLIENT_ARGUMENT', 'client option secret must be 8 bytes', {
      details: { key: 'secret' },
    });
  }
  return {
    dial,
    user,
    server,
    subid,
    secret: secret.slice(),
    push,
    index: whole('index', options.index, 1, 1),
    timeout: whole('timeout', options.timeout, 1, 10_000),
    requestTimeout: whole('requestTimeout', options.requestTimeout, 0, 30_000),
    silence: whole('silence', options.silence, 0, 15_000),
    window: whole('window', options.window, 1, 64),
    queue: whole('queue', options.queue, 1, 1024),
    giveUpAfter: whole('giveUpAfter', options.giveUpAfter, 0, 0),
    lastPush: whole('lastPush', options.lastPush, 0, 0),
    backoff: {
      first: whole('backoff.first', backoff.first, 0, 100),
      max: whole('backoff.max', backoff.max, 0, 10_000),
    },
  };
}
