import { type OptionReader, readOptions, type TlsOptions } from '@skynet/core/options';

/** What servers of one kind have in common. */
export interface CommonOptions {
  /** Name to log in with. Default none. */
  readonly username?: string;
  /** Password to log in with (`auth`). Default none. */
  readonly password?: string;
  /** Encrypts the connection: true with the certificates Node trusts, or options of `node:tls`. Default false. */
  readonly tls?: boolean | TlsOptions;
  /** How long connecting may take. Default `"10s"`. */
  readonly connectTimeout?: string | number;
  /** How long a command may take. Default 0, as long as it likes. */
  readonly timeout?: string | number;
  /** Most requests that wait. More are refused (ERR_REDIS_BUSY). Default 10,000. */
  readonly maxWaiting?: number;
  /** Whether text from the server comes as text, decoded as UTF-8, or as the bytes it is. Default `text`. */
  readonly replies?: 'text' | 'bytes';
}

/** Where a server is. */
export interface RedisOptions extends CommonOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 6379. */
  readonly port?: number;
  /** A Unix socket in place of host and port. */
  readonly socketPath?: string;
  /** Number of the database. Default 0. */
  readonly db?: number;
}

/** Where messages come from. */
export interface WatchOptions extends RedisOptions {
  /** Messages that may wait to be read; then the connection is not read until some are. Default 10,000. */
  readonly maxMessages?: number;
}

/** How a cluster is used. */
export interface ClusterOptions extends CommonOptions {
  /** Commands that only read may go to replicas (`read_slave`). Default false. */
  readonly readReplicas?: boolean;
}

/** A node of a cluster that is asked for the others. */
export interface ClusterNode {
  readonly host: string;
  readonly port: number;
}

/** {@link CommonOptions}, read; times in milliseconds. */
export interface CommonSettings {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly connectTimeout: number;
  readonly timeout: number;
  readonly maxWaiting: number;
  readonly replies: 'text' | 'bytes';
}

/** {@link RedisOptions}, read. */
export interface RedisSettings extends CommonSettings {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  readonly db: number;
}

const MAX = 0x7fff_ffff;

/** @throws ERR_ARGUMENT. */
export function readRedisOptions(options: RedisOptions): RedisSettings {
  return readOptions('redis option', options, readServer);
}

/** @throws ERR_ARGUMENT. */
export function readWatchOptions(options: WatchOptions): RedisSettings & { readonly maxMessages: number } {
  return readOptions('redis watch option', options, (given) => ({
    ...readServer(given),
    maxMessages: given.whole('maxMessages', 1, MAX, 10_000),
  }));
}

/** @throws ERR_ARGUMENT. */
export function readClusterOptions(
  options: ClusterOptions,
): CommonSettings & { readonly readReplicas: boolean } {
  return readOptions('redis cluster option', options, (given) => ({
    ...readCommon(given),
    readReplicas: given.flag('readReplicas', false),
  }));
}

function readServer<Given extends RedisOptions>(given: OptionReader<Given>): RedisSettings {
  return {
    host: given.text('host', '127.0.0.1'),
    port: given.whole('port', 1, 65_535, 6379),
    socketPath: given.text('socketPath', undefined),
    db: given.whole('db', 0, MAX, 0),
    ...readCommon(given),
  };
}

function readCommon<Given extends CommonOptions>(given: OptionReader<Given>): CommonSettings {
  return {
    username: given.text('username', undefined),
    password: given.secret('password'),
    tls: given.tls('tls'),
    connectTimeout: given.timer('connectTimeout', 10_000),
    timeout: given.timer('timeout', 0),
    maxWaiting: given.whole('maxWaiting', 1, MAX, 10_000),
    replies: given.oneOf('replies', ['text', 'bytes'], 'text'),
  };
}

/** Where the server is, as errors say it. */
export function addressOf({ host, port, socketPath }: RedisSettings): string {
  return socketPath ?? `${host}:${port}`;
}
