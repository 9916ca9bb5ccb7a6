import { type OptionReader, readOptions, type TlsOptions } from '@skynet/core/options';
import { readServerUrl, type UrlParts } from './server-url.ts';

/** Where the server is, and as whom to log in. */
export interface ServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 3306. */
  readonly port?: number;
  /** A Unix socket in place of host and port. */
  readonly socketPath?: string;
  /** The database that statements mean. Default none. */
  readonly database?: string;
  /** Default `root`. */
  readonly user?: string;
  /** Default none. */
  readonly password?: string;
  /** Name of a character set or collation. Default `utf8mb4`. */
  readonly charset?: string;
  /** Encrypts the connection: true with the certificates Node trusts, or options of `node:tls`. Default false. */
  readonly tls?: boolean | TlsOptions;
  /** How long connecting and logging in may take. Default `"10s"`. */
  readonly connectTimeout?: string | number;
  /** Most bytes of one statement, if the server does not set less. Default 16 MiB. */
  readonly maxPacketSize?: number;
  /** Most prepared statements that a connection keeps on the server; those used least recently are closed. Default 256. */
  readonly maxStatements?: number;
  /** Most requests that wait. More are refused (ERR_MYSQL_BUSY). Default 10,000. */
  readonly maxWaiting?: number;
  /** What DECIMAL columns are read as: text, or numbers, which may lose digits. Default of a pool text, of `connect` numbers. */
  readonly decimals?: 'number' | 'text';
  /** What JSON columns are read as: text, or the value in it. Default of a pool the value, of `connect` text. */
  readonly json?: 'text' | 'value';
}

/** How a pool is made. */
export interface PoolOptions extends ServerOptions {
  /**
   * `mysql://user:password@host:port/database`: what host, port, user, password and database are that are not given. Special
   * characters stand in it as `%40`.
   */
  readonly url?: string;
  /** Most connections. Default 10. */
  readonly connections?: number;
  /** How long a connection stays open that nobody uses. Default `"60s"`; 0 keeps it. */
  readonly idleTimeout?: string | number;
  /** How long a request may take, waiting for a connection included. Default 0, as long as it likes. */
  readonly timeout?: string | number;
}

/** What the connections of one client have in common. */
export interface ServerSettings {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  readonly database: string | undefined;
  readonly user: string;
  readonly password: string | undefined;
  readonly charset: string;
  readonly tls: TlsOptions | undefined;
  readonly connectTimeout: number;
  readonly maxPacketSize: number;
  readonly maxStatements: number;
  readonly maxWaiting: number;
  readonly decimals: 'number' | 'text';
  readonly json: 'text' | 'value';
}

/** Options of {@link PoolOptions}, read; times in milliseconds. */
export interface PoolSettings {
  readonly server: ServerSettings;
  readonly connections: number;
  readonly idleTimeout: number;
  readonly timeout: number;
}

const MAX_TIME = 0x7fff_ffff;

/** @throws ERR_ARGUMENT. */
export function readPoolOptions(options: PoolOptions): PoolSettings {
  return readOptions('mysql pool option', options, (given) => ({
    server: readServer(given, { decimals: 'text', json: 'value' }, readUrl(given.secret('url'))),
    connections: given.whole('connections', 1, 65_535, 10),
    idleTimeout: given.timer('idleTimeout', 60_000),
    timeout: given.timer('timeout', 0),
  }));
}

function readUrl(url: string | undefined): UrlParts {
  return url === undefined ? {} : readServerUrl(url);
}

/** Reads {@link ServerOptions}, with what decimals and JSON are read as by default. @throws ERR_ARGUMENT. */
export function readServer<Given extends ServerOptions>(
  given: OptionReader<Given>,
  { decimals, json }: { decimals: 'number' | 'text'; json: 'text' | 'value' },
  usual: UrlParts = {},
): ServerSettings {
  return {
    host: given.text('host', usual.host ?? '127.0.0.1'),
    port: given.whole('port', 1, 65_535, usual.port ?? 3306),
    socketPath: given.text('socketPath', undefined),
    database: given.text('database', usual.database),
    user: given.text('user', usual.user ?? 'root'),
    password: given.secret('password') ?? usual.password,
    charset: given.text('charset', 'utf8mb4'),
    tls: given.tls('tls'),
    connectTimeout: given.timer('connectTimeout', 10_000),
    maxPacketSize: given.whole('maxPacketSize', 1024, 1024 * 1024 * 1024, 16 * 1024 * 1024),
    maxStatements: given.whole('maxStatements', 1, 65_535, 256),
    maxWaiting: given.whole('maxWaiting', 1, MAX_TIME, 10_000),
    decimals: given.oneOf('decimals', ['number', 'text'], decimals),
    json: given.oneOf('json', ['text', 'value'], json),
  };
}

/** Where the server is, as errors say it. */
export function addressOf({ host, port, socketPath }: ServerSettings): string {
  return socketPath ?? `${host}:${port}`;
}
