import type { Handle, Skynet } from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import type { Connection, Listener, ListenOptions } from '@skynet/core/transport';
import type { SocketPort, Wire } from '../ports.ts';
import { SocketWire } from '../socket-wire.ts';
import { connectionStats, listenerStat } from '../traffic.ts';
import {
  type ListeningPort,
  type ListenSettings,
  readServeOptions,
  readServerOptions,
  type ServeOptions,
  type ServerOptions,
  type ServerSettings,
} from './options.ts';
import { type ConnectionHost, ServerConnection } from './server-connection.ts';

/** How often deadlines are looked at: within an eighth of the shortest, in milliseconds. */
const SWEEP_MAX = 1000;
const SWEEP_MIN = 10;

/** A server that listens. */
export interface HttpServer {
  /** Port of the first address, 0 where there is none. */
  readonly port: number;
  /** Where it listens: `ip:port`, or paths. */
  readonly addresses: readonly string[];
  /** Connections that live, those that were upgraded included. */
  readonly connections: number;
  /**
   * Listens no more, answers what is under way, and ends all connections, those that still work after `drainTimeout`, too.
   * The same happens when the service ends by itself or the node stops.
   */
  close(): Promise<void>;
}

/**
 * Serves HTTP from this service (`serve(skynet, { port: 8001, handler })`). Every request is a task of the service; one at a
 * time of each connection. With `agents` the connections go to other services in turn, as in the book's chapter 18.
 * @throws ERR_ARGUMENT, ERR_LISTEN, ERR_ADDRESS_INVALID.
 */
export async function serve(skynet: Skynet, options: ServeOptions): Promise<HttpServer> {
  const { server, listen } = readServeOptions(options);
  return listen.agents.length > 0 && listen.socket !== undefined
    ? serveByAgents(skynet, listen, listen.socket)
    : new Server(skynet, server).listen(listen);
}

/** What serves connections that were accepted elsewhere. */
export interface SocketServer {
  /** Serves a socket, until it closes. Returns when it is started. @throws ERR_SOCKET_ID, ERR_CONNECTION_CLOSED. */
  accept(id: number): Promise<void>;
  /** Connections that live. */
  readonly connections: number;
  /** As {@link HttpServer.close}. */
  close(): Promise<void>;
}

/**
 * Serves HTTP on sockets that another service has accepted, by their ids: the agent of the book's chapter 18, with
 * everything that {@link serve} can.
 * @throws ERR_ARGUMENT.
 */
export function serveSockets(skynet: Skynet, socket: SocketPort, options: ServerOptions): SocketServer {
  const server = new Server(skynet, readServerOptions(options));
  return {
    async accept(id) {
      await socket.start(id);
      server.take(new SocketWire(skynet, socket, id));
    },
    get connections() {
      return server.connections;
    },
    close: () => server.close(),
  };
}

/** Hands connections to agents in turn. */
async function serveByAgents(
  skynet: Skynet,
  { addresses, agents, listen }: ListenSettings,
  socket: ListeningPort,
): Promise<HttpServer> {
  let balance = 0;
  const ids: number[] = [];
  for (const address of addresses) {
    const id = await socket.listen(address, undefined, listen.backlog);
    ids.push(id);
    await socket.start(id, (accepted, peer) => {
      const agent = agents[balance] as Handle;
      balance = (balance + 1) % agents.length;
      // An agent that is gone: nobody else would close it.
      if (skynet.send(agent, 'lua', accepted, peer) === undefined) socket.closeFd(accepted);
    });
  }
  const places = ids.map((id) => socket.localAddress(id));
  return {
    port: places[0]?.port ?? 0,
    addresses: places.map(({ address, port }) => (port === 0 ? address : `${address}:${port}`)),
    connections: 0,
    close: async () => {
      for (const id of ids) await socket.close(id);
    },
  };
}

class Server implements ConnectionHost, HttpServer {
  readonly kernel: ServiceKernel;
  readonly settings: ServerSettings;
  draining = false;
  addresses: readonly string[] = [];
  port = 0;
  #listeners: Listener[] = [];
  /** Connections that each of them has given. */
  readonly #accepted = new Map<Listener, () => number>();
  readonly #forgetSockets: () => void;
  readonly #connections = new Set<ServerConnection>();
  readonly #sweeper: NodeJS.Timeout;
  #closing: Promise<void> | undefined = undefined;
  #empty: (() => void) | undefined = undefined;

  constructor(skynet: Skynet, settings: ServerSettings) {
    this.kernel = kernelOf(skynet);
    this.settings = settings;
    this.#sweeper = setInterval(() => this.#sweep(), sweepEvery(settings));
    this.#sweeper.unref();
    this.#forgetSockets = this.kernel.console.addSockets(() => [
      ...this.#listeners.map((listener) =>
        listenerStat(this.kernel, listener, this.#accepted.get(listener)?.() ?? 0),
      ),
      ...connectionStats(this.kernel, this.#connections),
    ]);
    skynet.onExit(() => this.close());
    this.kernel.own(() => this.#cut());
  }

  async listen({ addresses, listen }: ListenSettings): Promise<this> {
    try {
      for (const address of addresses) this.#listeners.push(await this.#listenAt(address, listen));
    } catch (error) {
      this.#cut();
      throw error;
    }
    this.addresses = this.#listeners.map((listener) => listener.address);
    this.port = this.#listeners[0]?.port ?? 0;
    return this;
  }

  async #listenAt(address: string, options: ListenOptions): Promise<Listener> {
    let accepted = 0;
    const listener = await this.kernel.listen(address, options, (connection: Connection) => {
      accepted += 1;
      this.take(connection);
    });
    this.#accepted.set(listener, () => accepted);
    return listener;
  }

  get connections(): number {
    return this.#connections.size + this.#upgraded;
  }

  get #upgraded(): number {
    return [...new Set(this.settings.upgrades.values())].reduce((sum, { count }) => sum + count, 0);
  }

  take(wire: Wire): void {
    if (!this.kernel.alive || this.draining) wire.destroy();
    else this.#connections.add(new ServerConnection(this, wire));
  }

  forget(connection: ServerConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#empty?.();
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    this.draining = true;
    for (const listener of this.#listeners) void listener.close();
    for (const endpoint of this.settings.upgrades.values()) endpoint.drain();
    for (const connection of this.#connections) connection.drain();
    if (this.#connections.size > 0) await this.#untilEmpty();
    this.#cut();
  }

  async #untilEmpty(): Promise<void> {
    const { promise, resolve } = this.kernel.suspend<void>();
    this.#empty = resolve;
    const timer = setTimeout(resolve, this.settings.drainTimeout);
    await promise;
    clearTimeout(timer);
  }

  #cut(): void {
    clearInterval(this.#sweeper);
    this.#forgetSockets();
    for (const listener of this.#listeners) void listener.close();
    for (const connection of this.#connections) connection.cut();
  }

  #sweep(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.sweep(now);
  }
}

function sweepEvery(settings: ServerSettings): number {
  const times = [
    settings.headTimeout,
    settings.bodyTimeout,
    settings.requestTimeout,
    settings.idleTimeout,
    settings.sendTimeout,
  ].filter((time) => time > 0);
  return Math.min(SWEEP_MAX, Math.max(SWEEP_MIN, Math.min(...times, SWEEP_MAX * 8) / 8));
}
