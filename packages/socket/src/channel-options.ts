import type { Duration } from '@skynet/core';
import { printable, toMilliseconds } from '@skynet/core';
import type { Host } from '@skynet/core/channel';
import { readOptions } from '@skynet/core/options';
import { transportUrl } from './address.ts';
import type { SessionAnswer } from './channel-answer.ts';
import type { ChannelHost, ChannelLogin } from './channel-contract.ts';
import type { ChannelSource } from './channel-link.ts';
import type { Encoding } from './data.ts';
import { socketError } from './errors.ts';

const MANY = 0x7fff_ffff;
const SECOND = 1000;
/** The pauses of the original: at once, 1, 2 … 11 seconds. */
const PAUSES: readonly number[] = Array.from({ length: 12 }, (_, seconds) => seconds * SECOND);

/** What {@link createChannel} is given. Durations: see `Duration`; 0 turns one off. */
export interface ChannelOptions<E extends Encoding = Encoding> {
  /** Where to connect to: name or ip, or a URL of any transport of the node (`tls://host:port`), without `port` then. */
  host: string;
  /** Needed unless `host` is a URL. */
  port?: number;
  /** Hosts to try, in this order, when `host` cannot be connected to or its `auth` fails. */
  backup?: readonly ChannelHost[];
  /**
   * Runs on every new connection before other requests, which wait for it. It asks through the channel it is given. When it
   * throws, the next host is tried.
   */
  auth?: (channel: ChannelLogin<E>) => unknown;
  /** Makes it a session channel: reads the next answer and tells its session. */
  response?: (source: ChannelSource<E>) => SessionAnswer | PromiseLike<SessionAnswer>;
  /** Told `true` when 1 MiB waits to be sent, `false` when all is sent. */
  overload?: (overloaded: boolean) => unknown;
  /** In which form answers are read, see `SocketOptions`. Default `"utf8"`. */
  encoding?: E;
  /** Deadline of each request, the time to connect included. Default 0: none. */
  timeout?: Duration;
  /** How long connecting to one host may take, and `auth` there. Default 0: as long as the system tries. */
  connectTimeout?: Duration;
  /** Pauses of `connect()` and `response()` between attempts, over and over. Default: 0, 1, 2 … 11 s. */
  reconnect?: readonly Duration[];
  /** Requests that may wait, for the connection or an answer. Default 16384. */
  maxWaiting?: number;
  /** Most bytes of an answer. Default 16 MiB. */
  readLimit?: number;
  /** Unsent bytes above which the next request fails and the connection is given up. Default 64 MiB. */
  writeLimit?: number;
  /** Whether small requests leave at once. Default: what the transport does. */
  noDelay?: boolean;
}

/** Options with everything filled in, times in milliseconds. */
export interface ChannelSettings {
  readonly host: Host;
  readonly backup: readonly Host[];
  readonly encoding: Encoding;
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly pauses: readonly number[];
  readonly maxWaiting: number;
  readonly readLimit: number | undefined;
  readonly writeLimit: number | undefined;
  readonly noDelay: boolean | undefined;
}

/** Checks options and fills in the defaults. @throws ERR_ARGUMENT, naming the option; ERR_ADDRESS_INVALID. */
export function channelSettings(given: ChannelOptions): ChannelSettings {
  return readOptions('channel option', given, (options) => {
    for (const key of ['auth', 'response', 'overload'] as const) options.callable(key, false);
    const limit = (key: 'readLimit' | 'writeLimit'): number | undefined => {
      const value = options.value(key);
      if (value === undefined || (typeof value === 'number' && value > 0)) return value;
      return options.wrong(key, 'a number above 0');
    };
    const host = options.text('host', undefined) ?? options.wrong('host', 'a host');
    const port = options.whole('port', 1, 65_535, undefined);
    const pauses = options.value('reconnect') ?? PAUSES;
    return {
      host: hostOf({ host, ...(port === undefined ? {} : { port }) }, undefined),
      backup: hostsOf(options.value('backup') ?? [], port),
      encoding: options.oneOf<Encoding>('encoding', ['utf8', 'latin1', 'bytes'], 'utf8'),
      timeout: options.duration('timeout', 0),
      connectTimeout: options.duration('connectTimeout', 0),
      pauses:
        pauses === PAUSES
          ? PAUSES
          : Array.isArray(pauses) && pauses.length > 0
            ? pauses.map((pause) => toMilliseconds(pause as Duration))
            : options.wrong('reconnect', 'a list of durations'),
      maxWaiting: options.whole('maxWaiting', 1, MANY, 16_384),
      readLimit: limit('readLimit'),
      writeLimit: limit('writeLimit'),
      noDelay: options.flag('noDelay', undefined),
    };
  });
}

/** Checks a list of hosts. @throws ERR_ARGUMENT, ERR_ADDRESS_INVALID. */
export function hostsOf(given: unknown, port: number | undefined): Host[] {
  if (!Array.isArray(given))
    throw socketError('ERR_ARGUMENT', `backup must be a list of hosts, not ${printable(given)}`);
  return given.map((each) => hostOf(each as ChannelHost, port));
}

/** Checks a host. @throws ERR_ARGUMENT, ERR_ADDRESS_INVALID. */
export function hostOf(given: ChannelHost, port: number | undefined): Host {
  const { host, port: own = port } = typeof given === 'string' ? { host: given } : (given ?? {});
  if (typeof host !== 'string')
    throw socketError('ERR_ARGUMENT', `a host is text, or has a host and a port, not ${printable(given)}`);
  const found: Host = { host, port: /^[a-z][a-z0-9+.-]*:\/\//i.test(host) ? undefined : own };
  urlOf(found);
  return found;
}

/** What a transport is given. @throws ERR_ADDRESS_INVALID. */
export function urlOf({ host, port }: Host): string {
  return transportUrl(host, port, 'open');
}
