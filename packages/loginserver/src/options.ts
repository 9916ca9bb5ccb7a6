import { type Duration, SkynetError, toMilliseconds } from '@skynet/core';
import type { ModernOptions } from './modern.ts';
import type { Subid } from './status.ts';

/** Whom a token belongs to, and where that user wants to go. */
export interface Authenticated {
  /** The login point. */
  server: string;
  /** The user. Text or a number: the same user must always be the same value. */
  uid: string | number;
}

/** What one address may do. Every limit is for one IPv4 address or one /64 network of IPv6; 0 turns it off. */
export interface AddressLimits {
  /** Connections at the same time. Default 256. */
  connections?: number;
  /** Failed handshakes (`400`, `401`, too slow, too long) in a minute, above which connections are closed at once. Default 600. */
  failuresPerMinute?: number;
}

/** How a login server works (`login(conf)` of the original, book §14.3). */
export interface LoginServerOptions {
  /** Address to listen on. Default `0.0.0.0`. */
  host?: string;
  /** Port to listen on; 0 takes any that is free. */
  port?: number;
  /** Instead of host and port: an address of any transport, such as `tls://0.0.0.0:8443`. */
  url?: string;
  /** The service is registered as `.name`. Default `login`. */
  name?: string;
  /** Lets several logins of one user be inside `loginHandler` at the same time. Default false: the later ones get `406`. */
  multilogin?: boolean;
  /** Slaves, 1 to 1024. Default 8. */
  instance?: number;
  /**
   * Checks a token; throw to refuse it (`401`). Runs in the slaves: it shares nothing with the other handlers. `token`
   * is the token as text (UTF-8), `bytes` as it came.
   */
  authHandler(token: string, bytes: Uint8Array): Authenticated | Promise<Authenticated>;
  /**
   * Tells the login point of the user and returns the subid; throw to refuse (`403`). Runs in the master. `secret` are
   * the 8 bytes that client and server have agreed on.
   */
  loginHandler(
    server: string,
    uid: Authenticated['uid'],
    secret: Uint8Array,
  ): Subid | null | undefined | Promise<Subid | null | undefined>;
  /** Answers `lua` messages to the login server. Runs in the master. */
  // biome-ignore lint/suspicious/noExplicitAny: arguments are whatever was sent
  commandHandler(command: string, ...args: any[]): unknown;
  /** How long a client may take until its token is there, in real time. Default `"10s"`; 0 lets it take for ever, as the original does. */
  handshakeTimeout?: Duration;
  /** Connections at the same time, all addresses together. Default 16384. */
  maxclient?: number;
  /** Limits for each address. */
  limits?: AddressLimits;
  /** Whether clients may use the original's handshake. Default true. */
  classic?: boolean;
  /** Turns on the handshake of today, see the README. */
  modern?: ModernOptions;
}

/** Options with every default filled in, times in milliseconds. */
export interface ResolvedOptions {
  readonly url: string;
  readonly name: string;
  /** Name that the master holds while it starts slaves. */
  readonly starting: string;
  readonly multilogin: boolean;
  readonly instance: number;
  readonly handshakeTimeout: number;
  readonly maxclient: number;
  readonly connectionsPerAddress: number;
  readonly failuresPerMinute: number;
  readonly classic: boolean;
  readonly modern: ModernOptions | undefined;
}

function wrong(key: string, value: unknown, wanted: string): never {
  throw new SkynetError('ERR_ARGUMENT', `login option ${key} must be ${wanted}, not ${String(value)}`, {
    details: { key },
  });
}

function whole(key: string, value: unknown, min: number, max: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    wrong(key, value, `a whole number from ${min} to ${max}`);
  return value;
}

function flag(key: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') wrong(key, value, 'true or false');
  return value;
}

function text(key: string, value: unknown, fallback: string): string {
  if (value === undefined) return fallback;
  if (typeof value !== 'string' || value === '') wrong(key, value, 'text');
  return value;
}

function time(key: string, value: Duration | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  try {
    return Math.max(0, toMilliseconds(value));
  } catch {
    return wrong(key, value, 'a duration such as "5s", or hundredths of a second');
  }
}

/** Checks options and fills in the defaults. @throws ERR_ARGUMENT, naming the option. */
export function resolveOptions(options: LoginServerOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) wrong('conf', options, 'an object');
  for (const handler of ['authHandler', 'loginHandler', 'commandHandler'] as const) {
    if (typeof options[handler] !== 'function') wrong(handler, options[handler], 'a function');
  }
  if (options.url === undefined && options.port === undefined)
    wrong('port', options.port, 'given (0 takes any that is free)');
  const host = text('host', options.host, '0.0.0.0');
  const port = whole('port', options.port, 0, 0xffff, 0);
  const name = text('name', options.name, 'login');
  const limits = options.limits ?? {};
  const classic = flag('classic', options.classic, true);
  if (!classic && options.modern === undefined)
    wrong('classic', false, 'true where there is no modern handshake');
  return {
    url: text('url', options.url, `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`),
    name,
    starting: `.${name} starts slaves`,
    multilogin: flag('multilogin', options.multilogin, false),
    instance: whole('instance', options.instance, 1, 1024, 8),
    handshakeTimeout: time('handshakeTimeout', options.handshakeTimeout, 10_000),
    maxclient: whole('maxclient', options.maxclient, 1, 0x7fff_ffff, 16_384),
    connectionsPerAddress: whole('limits.connections', limits.connections, 0, 0x7fff_ffff, 256),
    failuresPerMinute: whole('limits.failuresPerMinute', limits.failuresPerMinute, 0, 0x7fff_ffff, 600),
    classic,
    modern: options.modern,
  };
}
