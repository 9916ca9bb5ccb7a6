import { readFileSync } from 'node:fs';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { isSkynetError, printable, type SkynetError } from '@skynet/core';
import { meshError } from '../mesh/errors.ts';

/** Which servers of NATS there are, and how a node proves who it is. Plain values: threads are started with them. */
export interface NatsServers {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Path of a file of credentials. */
  readonly credentials?: string;
  /** Paths of files. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** Milliseconds between two tries to connect again. */
const AGAIN_EVERY = 200;
/** Milliseconds for one try. */
const CONNECT_TIME = 3000;
/** A server that says nothing for three of these, in milliseconds, is left. */
const PING_EVERY = 2000;

/** Loads a library that is only needed here. @throws ERR_NATS_MISSING where it is not installed. */
export async function loaded<Library>(library: Promise<Library>): Promise<Library> {
  try {
    return await library;
  } catch (error) {
    throw meshError(
      'ERR_NATS_MISSING',
      'a network over NATS needs its client: npm install @nats-io/transport-node@3.3 @nats-io/kv@3.3',
      { cause: error },
    );
  }
}

/**
 * Connects to one of the servers, once; a connection that is lost is made again as long as it takes.
 * @throws ERR_NATS_MISSING, ERR_ARGUMENT (a file cannot be read), ERR_MESH_REFUSED (who this node is was not accepted),
 *   ERR_MESH_UNREACHABLE.
 */
export async function connectNats(options: NatsServers, name: string): Promise<NatsConnection> {
  const { connect, credsAuthenticator } = await loaded(import('@nats-io/transport-node'));
  const { servers, user, password, token, credentials, tls } = options;
  const given: NodeConnectionOptions = {
    servers: [...servers],
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: AGAIN_EVERY,
    reconnectJitter: AGAIN_EVERY / 2,
    reconnectJitterTLS: AGAIN_EVERY / 2,
    ignoreAuthErrorAbort: true,
    timeout: CONNECT_TIME,
    pingInterval: PING_EVERY,
    maxPingOut: 3,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(tls === undefined ? {} : { tls: filesOf(tls) }),
  };
  if (credentials !== undefined) given.authenticator = credsAuthenticator(fileOf('credentials', credentials));
  try {
    return await connect(given);
  } catch (error) {
    throw notConnected(servers, error);
  }
}

/** What stands in a file that an option names. @throws ERR_ARGUMENT. */
function fileOf(key: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw meshError('ERR_ARGUMENT', `nats option ${key}: ${printable((error as Error).message)}`, {
      cause: error,
      details: { key },
    });
  }
}

function filesOf(tls: NonNullable<NatsServers['tls']>): NonNullable<NodeConnectionOptions['tls']> {
  const { ca, cert, key } = tls;
  return {
    ...(ca === undefined ? {} : { ca: fileOf('tls.ca', ca).toString() }),
    ...(cert === undefined ? {} : { cert: fileOf('tls.cert', cert).toString() }),
    ...(key === undefined ? {} : { key: fileOf('tls.key', key).toString() }),
  };
}

function notConnected(servers: readonly string[], error: unknown): SkynetError {
  if (isSkynetError(error)) return error;
  const { name, message } = error as Error;
  const isRefused = name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError';
  return meshError(
    isRefused ? 'ERR_MESH_REFUSED' : 'ERR_MESH_UNREACHABLE',
    `NATS at ${servers.map(withoutSecrets).join(', ')}: ${printable(message)}`,
    { cause: error },
  );
}

/** An address as logs show it: it may hold a password. */
export function withoutSecrets(server: string): string {
  return printable(server.replace(/\/\/[^@/]*@/, '//'));
}
