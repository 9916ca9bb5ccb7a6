import type { Duration } from '@skynet/core';
import { readOptions } from '@skynet/core/options';
import { type Place, type PlaceOptions, readPlaces } from '@skynet/core/transport';
import type { ModernOptions } from './modern.ts';
import type { Subid } from './status.ts';

/** Whom a token belongs to, and where that user wants to go. */
export interface Authenticated {
  /** The login point. */
  server: string;
  /** The user. Text or a number: the same user must always be the same value. */
  uid: string | number;
}

/**
 * What one address may do. Every limit is for one IPv4 address or one /64 network of IPv6; 0 turns it off, and is the
 * default on unix sockets and in `memory://`, where all peers are of one address.
 */
export interface AddressLimits {
  /** Connections at the same time. Default 256. */
  connections?: number;
  /** Failed handshakes (`400`, `401`, too slow, too long) in a minute, above which connections are closed at once. Default 600. */
  failuresPerMinute?: number;
}

/** How a login server works (`login(conf)` of the original, book §14.3). */
export interface LoginServerOptions extends PlaceOptions {
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
  commandHandler(command: string, ...args: unknown[]): unknown;
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
  readonly places: readonly Place[];
  readonly name: string;
  /** Name that the master holds while it starts slaves. */
  readonly starting: string;
  readonly multilogin: boolean;
  readonly instance: number;
  readonly handshakeTimeout: number;
  readonly maxclient: number;
  /** Undefined: the default of each place, see {@link limitsAt}. */
  readonly connectionsPerAddress: number | undefined;
  readonly failuresPerMinute: number | undefined;
  readonly classic: boolean;
  readonly modern: ModernOptions | undefined;
}

const MANY = 0x7fff_ffff;
/** What one address may do where peers have addresses of their own, unless options say otherwise. */
const EACH = { connections: 256, failures: 600 };
const NO_LIMIT = { connections: 0, failures: 0 };

/** What one address may do at places of a kind. */
export function limitsAt(
  { connectionsPerAddress, failuresPerMinute }: ResolvedOptions,
  hasAddresses: boolean,
): { readonly connections: number; readonly failures: number } {
  const { connections, failures } = hasAddresses ? EACH : NO_LIMIT;
  return { connections: connectionsPerAddress ?? connections, failures: failuresPerMinute ?? failures };
}

/** Checks options and fills in the defaults. @throws ERR_ARGUMENT, naming the option. */
export function resolveOptions(given: LoginServerOptions): ResolvedOptions {
  return readOptions('login option', given, (options) => {
    for (const handler of ['authHandler', 'loginHandler', 'commandHandler'] as const)
      options.callable(handler, true);
    const limits = options.group('limits');
    options.group('modern').allow(['privateKey', 'ciphers']);
    const name = options.text('name', 'login');
    const modern = given.modern ?? undefined;
    const classic = options.flag('classic', true);
    if (!classic && modern === undefined) options.wrong('classic', 'true where there is no modern handshake');
    return {
      places: readPlaces(options),
      name,
      starting: `.${name} starts slaves`,
      multilogin: options.flag('multilogin', false),
      instance: options.whole('instance', 1, 1024, 8),
      handshakeTimeout: options.duration('handshakeTimeout', 10_000),
      maxclient: options.whole('maxclient', 1, MANY, 16_384),
      connectionsPerAddress: limits.whole('connections', 0, MANY, undefined),
      failuresPerMinute: limits.whole('failuresPerMinute', 0, MANY, undefined),
      classic,
      modern,
    };
  });
}
