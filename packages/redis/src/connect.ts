import type { ConnectionOptions } from 'node:tls';
import type { Skynet } from '@skynet/core';
import { type RedisOptions as AllOptions, Redis } from 'ioredis';
import { type RedisDb, withCommands } from './commands.ts';
import { redisError } from './errors.ts';
import {
  addressOf,
  type CommonSettings,
  type RedisOptions,
  type RedisSettings,
  readRedisOptions,
} from './options.ts';
import { type Library, Session } from './session.ts';

/** What is given to the library. */
type LibraryOptions = Omit<AllOptions, 'replyMapping'>;

/** What changes a connection into one for messages: `watch` is for them. */
const FOR_WATCHING = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'MONITOR']);

/**
 * Connects to a server (`redis.connect`). Commands of several tasks are sent at once and answered in their order. When the
 * connection is lost what is awaited fails, and the next command connects again. It is closed when the service ends.
 * @throws ERR_REDIS_CONNECT with the reason, ERR_ARGUMENT.
 */
export async function connect(skynet: Skynet, options: RedisOptions = {}): Promise<RedisDb> {
  const settings = readRedisOptions(options);
  // Numbers as text: see `received` in session.ts. Not where the library itself reads them, for messages and clusters.
  const redis = new Redis({ ...libraryOptions(settings, null), stringNumbers: true });
  const session = new Session(skynet, redis as unknown as Library, settings, addressOf(settings));
  await session.connect();
  if (settings.db > 0) await selected(session, settings);
  return withCommands(session, refuseWatching);
}

/** The library goes on with database 0 where it could not select another. */
async function selected(session: Session, { db }: RedisSettings): Promise<void> {
  try {
    await session.run('SELECT', [db]);
  } catch (cause) {
    session.close();
    throw redisError('ERR_REDIS_CONNECT', `cannot select database ${db}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function refuseWatching(name: string): void {
  if (FOR_WATCHING.has(name))
    throw redisError('ERR_ARGUMENT', `${name} needs a connection of its own: watch() makes one`);
}

/** Options of the library that a server and a node of a cluster have in common. */
export interface CommonLibraryOptions {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
  readonly connectTimeout: number;
  readonly protocol: 2;
  readonly disableClientInfo: true;
}

/** Options of the library for one server. */
export function libraryOptions(
  settings: RedisSettings,
  retryStrategy: ((times: number) => number | null) | null,
): LibraryOptions {
  const { host, port, socketPath, db } = settings;
  return {
    ...(socketPath === undefined ? { host, port } : { path: socketPath }),
    ...commonOptions(settings),
    db,
    retryStrategy,
    lazyConnect: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: retryStrategy === null ? 0 : null,
  };
}

/** {@link CommonLibraryOptions} from settings. */
export function commonOptions({
  username,
  password,
  tls,
  connectTimeout,
}: CommonSettings): CommonLibraryOptions {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: tls as ConnectionOptions }),
    connectTimeout,
    protocol: 2,
    disableClientInfo: true,
  };
}
