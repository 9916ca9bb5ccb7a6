import { type Handle, printable, type Request, type Skynet, type SkynetError } from '@skynet/core';
import { kernelOf, type ServiceKernel, type ThreadKernel } from '@skynet/core/kernel';
import {
  type Connection,
  type ConnectionTable,
  connectionTable,
  type Listener,
  type ListenOptions,
  listenOnAll,
  type Place,
} from '@skynet/core/transport';
import { Client, type ClientHost, HOLD, MARK, STATE } from './client.ts';
import { gateError } from './errors.ts';
import { checkHandler, type GateHandler, type OpenedConfig, ownOptions } from './handler.ts';
import { Opening } from './opening.ts';
import { type GateOptions, perAddress, type ResolvedOptions, resolveOptions } from './options.ts';
import { Timeouts } from './timeouts.ts';

/** Callbacks for one client before others get their turn. */
const TURN = 256;
/** Dropped packets of one client that get a log line each. */
const DROPS_LOGGED = 8;

/** Nothing waits of a client. */
const NOTHING_LEFT: unique symbol = Symbol('nothing left');

/** @throws ERR_ARGUMENT. */
function bytesOf(data: Uint8Array | string): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (typeof data === 'string') return Buffer.from(data);
  throw gateError('ERR_ARGUMENT', `a gate writes text or bytes, not ${typeof data}`);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * Makes this service a gate (`gateserver.start`, book §13): it listens after the `lua` message `open`, cuts what
 * clients send into packets, and gives these to `handler.message`. The `lua` messages `open` and `close` are its own,
 * all others go to `handler.command`.
 * @param options Defaults for what `open` does not say.
 * @throws ERR_ARGUMENT for a handler without `connect` and `message`, or options that cannot be used.
 */
export function startGateserver(skynet: Skynet, handler: GateHandler, options: GateOptions = {}): Gateserver {
  checkHandler(handler);
  const placed = options?.listen === undefined ? { port: 0, ...options } : options;
  resolveOptions(placed, ownOptions(handler));
  const gateserver = new Gateserver(skynet, kernelOf(skynet), handler, options);
  if (handler.embed !== true) {
    skynet.dispatch('lua', (request: Request, command: string, ...args: unknown[]) =>
      gateserver.command(command, request.source, ...args),
    );
  }
  return gateserver;
}

/** A running gate: what its handler works with. Made by {@link startGateserver}. */
export class Gateserver implements ClientHost {
  /** The service it belongs to. */
  readonly handle: Handle;
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #thread: ThreadKernel;
  readonly #handler: GateHandler;
  readonly #defaults: GateOptions;
  readonly #table: ConnectionTable;
  readonly #clients = new Map<number, Client>();
  readonly #timeouts: Timeouts;
  #listeners: readonly Listener[] = [];
  /** Connections that came while the gate opens. */
  #early: Connection[] | undefined;

  /** Use {@link startGateserver}. */
  constructor(skynet: Skynet, kernel: ServiceKernel, handler: GateHandler, defaults: GateOptions) {
    this.handle = skynet.self();
    this.#skynet = skynet;
    this.#kernel = kernel;
    this.#thread = kernel.thread;
    this.#handler = handler;
    this.#defaults = defaults;
    this.#table = connectionTable(kernel);
    this.#timeouts = new Timeouts(skynet, this.#clients);
    kernel.own(() => this.#end());
  }

  /** Connections that hold a descriptor now; never above `maxclient`. */
  get count(): number {
    return this.#clients.size;
  }

  /** Where the gate listens, the first place if there are several; undefined while it does not. */
  get address(): string | undefined {
    return this.#listeners[0]?.address;
  }

  /** All places where the gate listens. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => address);
  }

  // --- connections

  /** Lets packets of the connection come (`gateserver.openclient`). False if there is no such connection. */
  openClient(fd: number): boolean {
    const client = this.#clients.get(fd);
    if (client === undefined || client.state === STATE.CLOSED) return false;
    client.open();
    return true;
  }

  /**
   * Sends what was written to the connection, then closes it; `disconnect` follows. Packets that wait are dropped, with
   * a log line (`gateserver.closeclient`). False if there is no such connection.
   */
  closeClient(fd: number): boolean {
    const client = this.#clients.get(fd);
    if (client === undefined || client.is(MARK.KICKED)) return false;
    client.mark(MARK.KICKED);
    client.close();
    return true;
  }

  /** Stops reading from a connection until {@link resumeClient}. False if there is no such connection. */
  pauseClient(fd: number): boolean {
    const client = this.#clients.get(fd);
    client?.hold(HOLD.SERVICE);
    return client !== undefined;
  }

  /** Reads again after {@link pauseClient}. */
  resumeClient(fd: number): boolean {
    const client = this.#clients.get(fd);
    client?.release(HOLD.SERVICE);
    return client !== undefined;
  }

  /**
   * Writes text (UTF-8) or bytes as they are, as `socket.write` does from any service: `write(fd, pack(data))`. Never
   * waits.
   * @returns false if the connection is closed or unknown, or what is written to it is being dropped.
   * @throws ERR_ARGUMENT for anything else.
   */
  write(fd: number, data: Uint8Array | string): boolean {
    const bytes = bytesOf(data);
    return this.#clients.get(fd)?.write(bytes) ?? false;
  }

  /** Writes `payload` as a packet, without an intermediate copy. As {@link write}. @throws ERR_FRAME_TOO_LARGE too. */
  send(fd: number, payload: Uint8Array | string): boolean {
    const bytes = bytesOf(payload);
    return this.#clients.get(fd)?.send(bytes) ?? false;
  }

  /** `ip:port` of the client, undefined if there is no such connection. */
  addressOf(fd: number): string | undefined {
    return this.#clients.get(fd)?.connection.remoteAddress;
  }

  /** Ends a connection for a reason that `handler.error` gets; what was not sent is lost. @throws ERR_ARGUMENT. */
  failClient(fd: number, error: SkynetError): boolean {
    if (!(error instanceof Error)) throw gateError('ERR_ARGUMENT', 'a connection fails with an error');
    const client = this.#clients.get(fd);
    client?.fail(error);
    return client !== undefined;
  }

  // --- messages

  /** Works on a `lua` message: `open`, `close`, or one for `handler.command`. For services with `embed`. */
  command(command: string, source: Handle, ...args: unknown[]): unknown {
    if (command === 'open') return this.open((args[0] ?? {}) as GateOptions, source);
    if (command === 'close') return this.close();
    if (this.#handler.command === undefined) {
      throw gateError('ERR_UNKNOWN_COMMAND', `Unknown command ${printable(command)}`, {
        details: { command: printable(command) },
      });
    }
    return this.#handler.command(command, source, ...(args as never[]));
  }

  /**
   * Starts listening; resolves to what `handler.open` returned.
   * @throws ERR_GATE_LISTENING, ERR_ARGUMENT, ERR_LISTEN, ERR_ADDRESS_INVALID, and what `handler.open` threw.
   */
  async open(config: GateOptions, source: Handle = this.handle): Promise<unknown> {
    if (this.#listeners.length > 0 || this.#early !== undefined) {
      throw gateError('ERR_GATE_LISTENING', `the gate listens on ${this.address ?? 'an address'} already`);
    }
    const given = this.#withDefaults(config);
    const options = resolveOptions(given, ownOptions(this.#handler));
    const opening = new Opening<ClientHost>(this, options);
    const early: Connection[] = [];
    this.#early = early;
    try {
      this.#listeners = await listenOnAll(options.places, (place) => this.#listen(place, opening));
      for (const { address } of this.#listeners) this.#skynet.error(`Listen on ${address}`);
      const result = this.#handler.open?.(source, this.#opened(given, options));
      this.#early = undefined;
      for (const connection of early) this.#accept(connection, opening);
      return await result;
    } catch (error) {
      this.#early = undefined;
      for (const connection of early) connection.destroy();
      await this.#closeAll();
      throw error;
    }
  }

  /** What the handler is told of the options. */
  #opened(given: GateOptions, { maxclient }: ResolvedOptions): OpenedConfig {
    const { address = '', port = 0 } = this.#listeners[0] ?? {};
    const host = port === 0 ? address : address.slice(0, address.lastIndexOf(':'));
    return { ...given, host, address: host, port, addresses: this.addresses, maxclient };
  }

  #closeAll(): Promise<unknown> {
    const listeners = this.#listeners;
    this.#listeners = [];
    return Promise.all(listeners.map((listener) => listener.close()));
  }

  /** What `open` was given, with the defaults for what it does not say. */
  #withDefaults(config: GateOptions): GateOptions {
    if (typeof config !== 'object' || config === null) return config;
    const { host, address, port, url, listen, limits, ...others } = this.#defaults;
    const elsewhere = config.host ?? config.address;
    const isPlaced = elsewhere ?? config.url ?? config.port ?? config.listen;
    const given = {
      ...others,
      // What is said here of where to listen takes the place of what was said before.
      ...(isPlaced === undefined ? { listen } : {}),
      ...(config.listen === undefined ? { url, port } : {}),
      ...(config.listen === undefined && elsewhere === undefined ? { host, address } : {}),
      ...config,
    };
    if (typeof (config.limits ?? {}) === 'object') given.limits = { ...limits, ...config.limits };
    return given as GateOptions;
  }

  #listen(place: Place, opening: Opening<ClientHost>): Promise<Listener> {
    const { options } = opening;
    const { backlog, maxclient } = options;
    const limits: ListenOptions = {
      maxPerAddress: perAddress(options, place),
      onAcceptError: ({ message }) => {
        const reason = printable(message.replace(/^accept error: /, ''));
        this.#thread.log(this.handle, `gateserver accept error: ${reason}`);
      },
    };
    if (backlog !== undefined) limits.backlog = backlog;
    // One more than there may be, so that who comes too much gets through its handshake, and the handler hears of it.
    if (!place.atOnce) limits.maxConnections = maxclient + 1;
    return this.#kernel.listen(place.url, limits, (connection) => {
      // Those that come before `handler.open` was called have to wait for it.
      if (this.#early === undefined) this.#accept(connection, opening);
      else this.#early.push(connection);
    });
  }

  /** Stops listening; connections live on. @throws ERR_GATE_NOT_LISTENING. */
  async close(): Promise<void> {
    if (this.#listeners.length === 0) throw gateError('ERR_GATE_NOT_LISTENING', 'the gate does not listen');
    await this.#skynet.await(this.#closeAll());
  }

  // --- from the transport to the service

  #accept(connection: Connection, opening: Opening<ClientHost>): void {
    const { options } = opening;
    const id = this.#thread.nextId();
    if (this.#clients.size >= options.maxclient) {
      connection.destroy();
      this.#kernel.enqueue(this.#refused, id);
      return;
    }
    const client = new Client(id, connection, opening);
    if (!options.nodelay) connection.setNoDelay(false);
    if (options.keepalive > 0) connection.setKeepAlive(options.keepalive);
    this.#clients.set(id, client);
    this.#table.add(client);
    this.#timeouts.watch(options);
    this.pending(client);
  }

  pending(client: Client): void {
    if (client.is(MARK.SCHEDULED)) return;
    client.mark(MARK.SCHEDULED);
    this.#kernel.enqueue(this.#serve, client);
  }

  backlog(client: Client, kilobytes: number): void {
    if (this.#handler.warning !== undefined) this.#kernel.enqueue(this.#warn, client.id, kilobytes);
  }

  released(client: Client): void {
    this.#clients.delete(client.id);
    this.#table.remove(client.id);
  }

  #end(): void {
    for (const client of this.#clients.values()) client.close();
  }

  // --- from the service to the handler

  readonly #refused = (id: number): unknown => this.#handler.disconnect?.(id);

  readonly #warn = (id: number, kilobytes: number): unknown => this.#handler.warning?.(id, kilobytes);

  /**
   * Calls the handler for what waits of one client. When a callback suspends or throws, a fork goes on with the rest:
   * every suspended callback has a task of its own, and starts still come in order, as in the original.
   */
  readonly #serve = (client: Client): unknown => {
    client.unmark(MARK.SCHEDULED);
    const handler = this.#handler;
    for (let left = TURN; left > 0; left--) {
      let result: unknown;
      let frame: Uint8Array | undefined;
      try {
        if (client.is(MARK.FRESH)) {
          client.unmark(MARK.FRESH);
          result = handler.connect(client.id, client.connection.remoteAddress);
        } else {
          if (!client.mayStart) return undefined;
          frame = client.take();
          if (frame === undefined) {
            result = this.#conclude(client);
            if (result === NOTHING_LEFT) return undefined;
          } else if (client.is(MARK.KICKED)) this.#drop(client, frame);
          else result = handler.message(client.id, frame);
        }
      } catch (thrown) {
        this.#goOn(client);
        throw thrown;
      }
      if (isPromise(result)) {
        if (frame !== undefined) {
          client.started();
          const settled = (): void => client.settled();
          result.then(settled, settled);
        }
        this.#goOn(client);
        return result;
      }
    }
    this.pending(client);
    return undefined;
  };

  #goOn(client: Client): void {
    if (client.is(MARK.SCHEDULED) || !this.#kernel.alive) return;
    client.mark(MARK.SCHEDULED);
    this.#skynet.fork(this.#serve, client);
  }

  /** What has to be said when no packet waits. */
  #conclude(client: Client): unknown {
    const { failure } = client;
    if (failure !== undefined && !client.is(MARK.FAILURE_TOLD)) {
      client.mark(MARK.FAILURE_TOLD);
      return this.#handler.error?.(client.id, failure.message, failure);
    }
    if (!client.is(MARK.OVER) || client.is(MARK.TOLD)) return NOTHING_LEFT;
    client.mark(MARK.TOLD);
    if (client.dropped > DROPS_LOGGED)
      this.#skynet.error(`Drop message from fd (${client.id}) : ${client.dropped - DROPS_LOGGED} more`);
    // What agents answer to its last packets in this turn still goes out.
    if (client.state === STATE.LEFT && !client.options.halfOpen) setImmediate(() => client.close());
    return this.#handler.disconnect?.(client.id);
  }

  #drop(client: Client, frame: Uint8Array): void {
    if (++client.dropped > DROPS_LOGGED) return;
    this.#skynet.error(`Drop message from fd (${client.id}) : ${printable(frame)}`);
  }
}
