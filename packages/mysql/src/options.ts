import type { Skynet } from '@skynet/core';
import { type OptionReader, readOptions } from '@skynet/core/options';
import type { MysqlDb } from './db.ts';

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
  /** What DECIMAL columns are read as: numbers, which may lose digits, or text. */
  readonly decimals?: 'number' | 'text';
  /** What JSON columns are read as: text, or the value in it. */
  readonly json?: 'text' | 'value';
}

/** The part of TLS that matters here. */
export interface TlsOptions {
  /** Certificates to trust, in place of Node's. */
  readonly ca?: string | Buffer;
  /** The client's own certificate. */
  readonly cert?: string | Buffer;
  /** Its key. */
  readonly key?: string | Buffer;
  /** Whether a server that cannot prove itself is refused. Default true. */
  readonly rejectUnauthorized?: boolean;
}

/** How one connection is made (book §16.1). */
export interface ConnectOptions extends ServerOptions {
  /** Records as lists in the order of the columns, in place of objects. Default false. */
  readonly compactArrays?: boolean;
  /** Runs after each connecting, before anything else is sent; may query. */
  readonly onConnect?: (db: MysqlDb) => unknown;
  /** Told true once more than a MiB of statements waits, false when all is sent. */
  readonly overload?: (isOverloaded: boolean) => unknown;
}

/** How a pool is made. */
export interface PoolOptions extends ServerOptions {
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

/** Options of {@link ConnectOptions}, read. */
export interface ConnectSettings {
  readonly server: ServerSettings;
  readonly compactArrays: boolean;
  readonly onConnect: ((db: MysqlDb) => unknown) | undefined;
  readonly overload: ((isOverloaded: boolean) => unknown) | undefined;
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
export function readConnectOptions(options: ConnectOptions): ConnectSettings {
  return readOptions('mysql option', options, (given) => {
    given.callable('onConnect', false);
    given.callable('overload', false);
    return {
      server: readServer(given, { decimals: 'number', json: 'text' }),
      compactArrays: given.flag('compactArrays', false),
      onConnect: given.value('onConnect') as ConnectSettings['onConnect'],
      overload: given.value('overload') as ConnectSettings['overload'],
    };
  });
}

/** @throws ERR_ARGUMENT. */
export function readPoolOptions(options: PoolOptions): PoolSettings {
  return readOptions('mysql pool option', options, (given) => ({
    server: readServer(given, { decimals: 'text', json: 'value' }),
    connections: given.whole('connections', 1, 65_535, 10),
    idleTimeout: time(given, 'idleTimeout', 60_000),
    timeout: time(given, 'timeout', 0),
  }));
}

function readServer<Given extends ServerOptions>(
  given: OptionReader<Given>,
  { decimals, json }: { decimals: 'number' | 'text'; json: 'text' | 'value' },
): ServerSettings {
  return {
    host: given.text('host', '127.0.0.1'),
    port: given.whole('port', 1, 65_535, 3306),
    socketPath: given.text('socketPath', undefined),
    database: given.text('database', undefined),
    user: given.text('user', 'root'),
    password: readPassword(given),
    charset: given.text('charset', 'utf8mb4'),
    tls: readTls(given),
    connectTimeout: time(given, 'connectTimeout', 10_000),
    maxPacketSize: given.whole('maxPacketSize', 1024, 1024 * 1024 * 1024, 16 * 1024 * 1024),
    maxStatements: given.whole('maxStatements', 1, 65_535, 256),
    maxWaiting: given.whole('maxWaiting', 1, MAX_TIME, 10_000),
    decimals: given.oneOf('decimals', ['number', 'text'], decimals),
    json: given.oneOf('json', ['text', 'value'], json),
  };
}

function readPassword<Given extends ServerOptions>(given: OptionReader<Given>): string | undefined {
  const password = given.value('password');
  if (password === undefined || typeof password === 'string') return password;
  // Not what it is: it may be a secret all the same.
  return given.wrong('password', 'text', undefined);
}

function readTls<Given extends ServerOptions>(given: OptionReader<Given>): TlsOptions | undefined {
  const tls = given.value('tls');
  if (tls === undefined || typeof tls === 'boolean') return tls === true ? {} : undefined;
  const group = given.group('tls') as unknown as OptionReader<TlsOptions>;
  return {
    ...pem(group, 'ca'),
    ...pem(group, 'cert'),
    ...pem(group, 'key'),
    rejectUnauthorized: group.flag('rejectUnauthorized', true),
  };
}

function pem(group: OptionReader<TlsOptions>, key: 'ca' | 'cert' | 'key'): TlsOptions {
  const value = group.value(key);
  if (value === undefined) return {};
  if (typeof value === 'string' || Buffer.isBuffer(value)) return { [key]: value };
  return group.wrong(key, 'a certificate or key, as text or bytes', undefined);
}

function time<Given extends object>(
  given: OptionReader<Given>,
  key: keyof Given & string,
  fallback: number,
): number {
  const milliseconds = given.duration(key, fallback);
  return milliseconds <= MAX_TIME ? milliseconds : given.wrong(key, 'at most 24 days');
}

/** Where the server is, as errors say it. */
export function addressOf({ host, port, socketPath }: ServerSettings): string {
  return socketPath ?? `${host}:${port}`;
}

/** What limits one request. */
export type RequestLimits = Parameters<Skynet['await']>[1];
