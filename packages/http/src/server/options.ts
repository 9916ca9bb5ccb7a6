import type { Duration, Handle } from '@skynet/core';
import { type OptionReader, readOptions } from '@skynet/core/options';
import type { ListenOptions } from '@skynet/core/transport';
import type { SocketPort, UpgradeEndpoint } from '../ports.ts';
import type { Handler } from './request.ts';
import { Router, type Routes } from './router.ts';

/** Limits of a server, and what it does with requests. Durations: see `Duration`; 0 turns one off. */
export interface ServerOptions {
  /** Answers every request. Either this or {@link routes}. */
  handler?: Handler;
  /** Handlers by path: `"/items/:id"`, `"POST /items"`, `"/files/*"`. */
  routes?: Routes;
  /** By path, what takes connections over that ask for another protocol; `"*"` for any path. */
  upgrades?: Readonly<Record<string, UpgradeEndpoint>>;
  /** Most bytes of request line and fields. Default 8192, as the original. */
  headLimit?: number;
  /** Most bytes of a body; above it 413. Default 1 MiB; `Infinity` leaves it to the handler. */
  bodyLimit?: number;
  /** How long request line and fields may take, from the first byte, or from the accept of a connection. Default 10 s. */
  headTimeout?: Duration;
  /** How long nothing of a body may come. Default 30 s. */
  bodyTimeout?: Duration;
  /** How long a whole request may take to come. Default 300 s. */
  requestTimeout?: Duration;
  /** How long a connection may wait for the next request. Default 65 s; 0 for ever. */
  idleTimeout?: Duration;
  /** How long a peer may take nothing of what is sent. Default 30 s. */
  sendTimeout?: Duration;
  /** How long requests under way may take when the server closes, or the service ends. Default 5 s. */
  drainTimeout?: Duration;
  /** Whether a connection serves several requests. Default true. */
  keepAlive?: boolean;
}

/** Where a server listens, see {@link ServerOptions} for the rest. */
export interface ServeOptions extends ServerOptions {
  /** Port; 0 takes a free one. */
  port?: number;
  /** Default 127.0.0.1: this machine alone. */
  host?: string;
  /** In place of port and host an address of any transport of the node: `tls://0.0.0.0:443`, `unix:///run/web`, or several. */
  address?: string | readonly string[];
  /** Connections at the same time. Default 10 000; 0 for no limit. */
  maxConnections?: number;
  /** The same for each address. Default 0: no limit. */
  maxPerAddress?: number;
  /** Connections that may wait to be accepted. Default: the transport's. */
  backlog?: number;
  /**
   * Services that get the connections in turn, in place of a handler: each a `lua` message with the id and the peer's
   * address, to be given to `serveSockets(…).accept`. Needs {@link socket}.
   */
  agents?: readonly Handle[];
  /** The sockets that the ids for {@link agents} are of: `createSocket(skynet)` of `@skynet/socket`. */
  socket?: ListeningPort;
}

/** Sockets that listen, too. */
export interface ListeningPort extends SocketPort {
  /** Listens; resolves to an id that {@link start} takes. */
  listen(address: string, port?: number | string, backlog?: number): Promise<number>;
  /** Has `accept` told of who connects. */
  start(id: number, accept?: (id: number, address: string) => unknown): Promise<number>;
  /** Where it listens, with the port that was taken for port 0. */
  localAddress(id: number): { readonly address: string; readonly port: number };
  /** Closes an id that the service has not started. */
  closeFd(id: number): void;
}

/** {@link ServerOptions} with everything filled in, times in milliseconds. */
export interface ServerSettings {
  readonly router: Router;
  readonly upgrades: ReadonlyMap<string, UpgradeEndpoint>;
  readonly headLimit: number;
  readonly bodyLimit: number;
  readonly headTimeout: number;
  readonly bodyTimeout: number;
  readonly requestTimeout: number;
  readonly idleTimeout: number;
  readonly sendTimeout: number;
  readonly drainTimeout: number;
  readonly keepAlive: boolean;
}

/** Where to listen. */
export interface ListenSettings {
  readonly addresses: readonly string[];
  readonly listen: ListenOptions;
  readonly agents: readonly Handle[];
  readonly socket: ListeningPort | undefined;
}

const MANY = 0x7fff_ffff;
const MAX_CONNECTIONS = 10_000;

/** @throws ERR_ARGUMENT. */
export function readServeOptions(options: ServeOptions): { server: ServerSettings; listen: ListenSettings } {
  return readOptions('http option', options, (given) => {
    const agents = readAgents(given);
    const listen = readListen(given, agents);
    return { server: readServer(given, agents.length === 0), listen };
  });
}

/** @throws ERR_ARGUMENT. */
export function readServerOptions(options: ServerOptions): ServerSettings {
  return readOptions('http option', options, (given) => readServer(given, true));
}

function readListen(given: OptionReader<ServeOptions>, agents: readonly Handle[]): ListenSettings {
  const host = given.text('host', '127.0.0.1');
  const port = given.whole('port', 0, 65_535, undefined);
  const address = given.value('address');
  const list: unknown[] = Array.isArray(address) ? address : address === undefined ? [] : [address];
  if (!list.every((one) => typeof one === 'string' && one !== ''))
    given.wrong('address', 'an address or a list of them');
  if (list.length === 0 && port === undefined) given.wrong('port', 'a port (or give an address)');
  if (list.length > 0 && port !== undefined) given.wrong('port', 'absent where an address is given');
  const at = host.includes(':') ? `[${host}]` : host;
  const backlog = given.whole('backlog', 1, MANY, undefined);
  return {
    addresses: list.length > 0 ? (list as string[]) : [`tcp://${at}:${port}`],
    listen: {
      maxConnections: given.whole('maxConnections', 0, MANY, MAX_CONNECTIONS),
      maxPerAddress: given.whole('maxPerAddress', 0, MANY, 0),
      ...(backlog === undefined ? {} : { backlog }),
    },
    agents,
    socket: readSocket(given, agents.length > 0),
  };
}

function readAgents(given: OptionReader<ServeOptions>): readonly Handle[] {
  const agents = given.value('agents');
  if (agents === undefined) return [];
  if (
    !Array.isArray(agents) ||
    agents.length === 0 ||
    !agents.every((agent) => Number.isInteger(agent) && agent > 0)
  )
    given.wrong('agents', 'a list of handles');
  return agents as Handle[];
}

function readSocket(given: OptionReader<ServeOptions>, needed: boolean): ListeningPort | undefined {
  const socket = given.value('socket');
  if (socket === undefined && !needed) return undefined;
  if (typeof socket !== 'object' || typeof (socket as ListeningPort).listen !== 'function')
    given.wrong('socket', 'what createSocket of @skynet/socket gives, for agents');
  return socket as ListeningPort;
}

function readServer(given: OptionReader<ServerOptions>, needsHandler: boolean): ServerSettings {
  given.callable('handler', false);
  const handler = given.value('handler') as Handler | undefined;
  const routes = given.value('routes') as Routes | undefined;
  if (needsHandler && handler === undefined && routes === undefined && given.value('upgrades') === undefined)
    given.wrong('handler', 'a function (or give routes)');
  if (!needsHandler && (handler !== undefined || routes !== undefined))
    given.wrong('handler', 'absent where agents do the work', handler ?? routes);
  if (handler !== undefined && routes !== undefined) given.wrong('routes', 'absent where a handler is given');
  if (routes !== undefined && typeof routes !== 'object') given.wrong('routes', 'handlers by path');
  return {
    router: new Router(handler, routes ?? {}, (why) => given.wrong('routes', why)),
    upgrades: readUpgrades(given),
    headLimit: given.whole('headLimit', 64, 1 << 20, 8192),
    bodyLimit: readBodyLimit(given),
    headTimeout: given.duration('headTimeout', 10_000),
    bodyTimeout: given.duration('bodyTimeout', 30_000),
    requestTimeout: given.duration('requestTimeout', 300_000),
    idleTimeout: given.duration('idleTimeout', 65_000),
    sendTimeout: given.duration('sendTimeout', 30_000),
    drainTimeout: given.timer('drainTimeout', 5_000),
    keepAlive: given.flag('keepAlive', true),
  };
}

function readBodyLimit(given: OptionReader<ServerOptions>): number {
  const limit = given.value('bodyLimit') ?? 1 << 20;
  return typeof limit === 'number' && limit >= 0
    ? limit
    : given.wrong('bodyLimit', 'a number of bytes from 0');
}

function readUpgrades(given: OptionReader<ServerOptions>): ReadonlyMap<string, UpgradeEndpoint> {
  const upgrades = given.value('upgrades') ?? {};
  if (typeof upgrades !== 'object') given.wrong('upgrades', 'endpoints by path');
  const entries = Object.entries(upgrades as Record<string, UpgradeEndpoint>);
  if (!entries.every(([, endpoint]) => typeof endpoint?.takeOver === 'function'))
    given.wrong('upgrades', 'endpoints by path, as createWebSocket(skynet).endpoint makes them');
  return new Map(entries);
}
