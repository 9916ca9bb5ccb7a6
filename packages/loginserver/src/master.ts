import {
  type Handle,
  isSkynetError,
  type LaunchArgument,
  printable,
  type Skynet,
  SkynetError,
} from '@skynet/core';
import type { ServiceKernel, ThreadKernel } from '@skynet/core/kernel';
import {
  AddressTable,
  type Connection,
  type Listener,
  type ListenOptions,
  listenOnAll,
  networkOf,
  type Place,
} from '@skynet/core/transport';
import { LineClient } from './line-client.ts';
import { type Authenticated, type LoginServerOptions, limitsAt, type ResolvedOptions } from './options.ts';
import { Refusal } from './refusal.ts';
import type { SlaveAnswer, SlaveCommands } from './slave.ts';
import { isSubid, okStatus, STATUS } from './status.ts';
import { messageOf, traceOf } from './trace.ts';

/** Milliseconds between two log lines about addresses that are turned away. */
const QUIET = 1000;
/** Characters of the reason for a refusal that the log shows. */
const REASON = 1024;

/** Who a client is counted as. */
interface Origin {
  readonly network: string;
  readonly addresses: AddressTable;
}

/** The listening side of a login server: takes clients, passes their lines to slaves, hands users over to login points. */
export class Master {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #thread: ThreadKernel;
  readonly #handlers: LoginServerOptions;
  readonly #options: ResolvedOptions;
  /** What each address does, where peers have some of their own, and where all are of one. */
  readonly #addresses: { readonly own: AddressTable; readonly shared: AddressTable };
  readonly #clients = new Set<LineClient>();
  /** Those that came before there were slaves; undefined from then on. */
  #early: [client: LineClient, origin: Origin][] | undefined = [];
  /** Users inside the login handler. */
  readonly #busy = new Set<Authenticated['uid']>();
  readonly #args: readonly LaunchArgument[];
  #slaves: Handle[] = [];
  #next = 0;
  #launching = 0;
  /** The only slave, lost, in whose place another one starts. */
  #replaced: Handle = 0;
  #listeners: readonly Listener[] = [];
  #turnedAway = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(
    skynet: Skynet,
    kernel: ServiceKernel,
    args: readonly LaunchArgument[],
    handlers: LoginServerOptions,
    options: ResolvedOptions,
  ) {
    this.#skynet = skynet;
    this.#args = args;
    this.#kernel = kernel;
    this.#thread = this.#kernel.thread;
    this.#handlers = handlers;
    this.#options = options;
    const tableFor = (hasAddresses: boolean): AddressTable => {
      const { connections, failures } = limitsAt(options, hasAddresses);
      return new AddressTable(connections, failures);
    };
    this.#addresses = { own: tableFor(true), shared: tableFor(false) };
    this.#kernel.own(() => this.#end());
  }

  /** Where it listens; empty once it does not. */
  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /** Connections now. */
  get count(): number {
    return this.#clients.size;
  }

  /**
   * Listens, then starts the slaves: a port that is taken is found out before there is anything to end.
   * @throws ERR_LISTEN, ERR_ADDRESS_INVALID, and what starting a slave throws.
   */
  async start(): Promise<void> {
    const listeners = await listenOnAll(this.#options.places, (place) => this.#listen(place));
    try {
      for (let i = 0; i < this.#options.instance; i++) this.#slaves.push(await this.#startSlave());
    } catch (error) {
      for (const slave of this.#slaves) this.#skynet.kill(slave);
      this.#end();
      await this.#skynet.await(closeAll(listeners));
      throw error;
    }
    this.#listeners = listeners;
    for (const { address, port } of listeners) {
      const shown = port === 0 ? address : `${address.slice(0, address.lastIndexOf(':'))} ${port}`;
      this.#skynet.error(`login server listen at : ${shown}`);
    }
    for (const [client, origin] of this.#early ?? []) this.#kernel.enqueue(this.#serve, client, origin);
    this.#early = undefined;
  }

  #listen(place: Place): Promise<Listener> {
    const { maxclient } = this.#options;
    const limits: ListenOptions = {
      onAcceptError: ({ message }) => {
        const reason = printable(message.replace(/^accept error: /, ''));
        this.#thread.log(this.#skynet.self(), `login server accept error: ${reason}`);
      },
    };
    if (!place.atOnce) {
      // One more than there may be, so that who comes too much is told of in the same way on every transport.
      const { connections } = limitsAt(this.#options, place.hasAddresses);
      limits.maxConnections = maxclient + 1;
      limits.maxPerAddress = connections === 0 ? 0 : connections + 1;
    }
    const addresses = place.hasAddresses ? this.#addresses.own : this.#addresses.shared;
    return this.#kernel.listen(place.url, limits, (connection) => this.#accept(connection, addresses));
  }

  /** Stops listening; logins under way go on. */
  async close(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    if (listeners.length > 0) await this.#skynet.await(closeAll(listeners));
  }

  #end(): void {
    for (const client of this.#clients) client.destroy();
  }

  /** Starts a copy of this service, which sees by the name `starting` that it is to be a slave. */
  async #startSlave(): Promise<Handle> {
    const { starting } = this.#options;
    if (this.#launching++ === 0) this.#skynet.register(starting);
    try {
      return await this.#skynet.newService({ name: this.#skynet.name, thread: 'spread' }, ...this.#args);
    } finally {
      if (--this.#launching === 0) this.#skynet.unregister(starting);
    }
  }

  #accept(connection: Connection, addresses: AddressTable): void {
    if (!this.#kernel.alive) {
      connection.destroy();
      return;
    }
    const network = networkOf(connection.remoteAddress);
    const refusal =
      this.#clients.size >= this.#options.maxclient
        ? `more than ${this.#options.maxclient} connections in all`
        : addresses.refusal(network);
    if (refusal !== undefined) {
      connection.destroy();
      this.#tellTurnedAway(network, refusal);
      return;
    }
    const origin: Origin = { network, addresses };
    addresses.opened(network);
    const fd = this.#thread.nextId();
    const client = new LineClient(this.#kernel, connection, fd, this.#options.handshakeTimeout, () => {
      this.#clients.delete(client);
      addresses.closed(network);
    });
    this.#clients.add(client);
    if (this.#early === undefined) this.#kernel.enqueue(this.#serve, client, origin);
    else this.#early.push([client, origin]);
  }

  /** A flood of connections must not become a flood of log lines. */
  #tellTurnedAway(network: string, reason: string): void {
    this.#turnedAway++;
    const now = performance.now();
    if (now - this.#toldAt < QUIET) return;
    this.#toldAt = now;
    const text = `login server turned away ${this.#turnedAway}, the last from ${printable(network)}: ${reason}`;
    this.#turnedAway = 0;
    this.#thread.log(this.#skynet.self(), text);
  }

  /** A login from its beginning to its end. */
  readonly #serve = async (client: LineClient, { network, addresses }: Origin): Promise<void> => {
    const slave = this.#slaves[this.#next++ % this.#slaves.length] as Handle;
    let sealed = false;
    try {
      const login = await this.#authenticate(slave, client);
      sealed = login.sealed;
      await this.#respond(slave, client, sealed, okStatus(await this.#login(client, login)));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.counts) addresses.failed(network);
      // What a handler says may be what the client has said.
      const reason = printable(error.message, REASON);
      this.#skynet.error(`invalid client (fd = ${client.fd}) error = ${reason}${error.trace}`);
      sealed ||= error.sealed;
      if (error.status !== undefined) await this.#respond(slave, client, sealed, error.status);
      // It may have forgotten the client by now; then this does nothing.
      this.#skynet.send(slave, 'lua', 'drop', client.fd);
    } finally {
      client.close();
    }
  };

  /** Takes the client through the handshake. @throws Refusal. */
  async #authenticate(slave: Handle, client: LineClient): Promise<Extract<SlaveAnswer, { server: string }>> {
    client.write(await this.#ask(slave, 'open', client.fd, client.address));
    for (;;) {
      const answer = await this.#ask(slave, 'lines', client.fd, await client.readLines());
      if (answer.say !== '') client.write(answer.say);
      if ('more' in answer) continue;
      if ('status' in answer) throw new Refusal(answer.reason, answer.status, true, answer);
      client.finish();
      return answer;
    }
  }

  /** Hands the user over to the login point. @throws Refusal. */
  async #login(
    client: LineClient,
    { server, uid, secret }: Extract<SlaveAnswer, { server: string }>,
  ): Promise<Awaited<ReturnType<LoginServerOptions['loginHandler']>>> {
    // Nobody would use what the handler sets up.
    if (client.over) throw new Refusal('socket error', undefined, false);
    const alone = !this.#options.multilogin;
    if (alone && this.#busy.has(uid))
      throw new Refusal(`User ${uid} is already login`, STATUS.notAcceptable, false);
    if (alone) this.#busy.add(uid);
    try {
      const subid = await this.#handlers.loginHandler(server, uid, secret);
      if (isSubid(subid)) return subid;
      throw new SkynetError(
        'ERR_ARGUMENT',
        `loginHandler must return text, a number, bytes or nothing, not ${typeof subid}`,
      );
    } catch (error) {
      const trace = traceOf(`loginHandler for ${printable(uid)}@${printable(server)}`, error);
      throw new Refusal(messageOf(error), STATUS.forbidden, false, { trace });
    } finally {
      if (alone) this.#busy.delete(uid);
    }
  }

  async #respond(slave: Handle, client: LineClient, sealed: boolean, status: string): Promise<void> {
    if (!sealed) client.write(status);
    // Without its slave nothing can be sealed, and the client believes nothing else.
    else client.write(await this.#ask(slave, 'seal', client.fd, status).catch(() => STATUS.badRequest));
  }

  /** Calls a slave. @throws Refusal if it has ended; another one is started in its place. */
  async #ask<Name extends Exclude<keyof SlaveCommands, 'drop'>>(
    slave: Handle,
    command: Name,
    ...args: Parameters<SlaveCommands[Name]>
  ): Promise<Awaited<ReturnType<SlaveCommands[Name]>>> {
    try {
      return await this.#skynet.call<Awaited<ReturnType<SlaveCommands[Name]>>>(
        slave,
        'lua',
        command,
        ...args,
      );
    } catch (error) {
      if (isSkynetError(error, 'ERR_NO_SERVICE') || isSkynetError(error, 'ERR_SERVICE_GONE'))
        this.#replace(slave);
      throw new Refusal(
        `slave ${this.#skynet.address(slave)}: ${messageOf(error)}`,
        STATUS.badRequest,
        false,
      );
    }
  }

  #replace(lost: Handle): void {
    const at = this.#slaves.indexOf(lost);
    if (at < 0 || this.#replaced === lost) return;
    this.#replaced = lost;
    // Its clients fail, new ones go to the others until there is a new one.
    if (this.#slaves.length > 1) this.#slaves.splice(at, 1);
    this.#skynet.fork(async () => {
      try {
        const started = await this.#startSlave();
        this.#slaves = [...this.#slaves.filter((slave) => slave !== lost), started];
      } finally {
        this.#replaced = 0;
      }
    });
  }
}

function closeAll(listeners: readonly Listener[]): Promise<unknown> {
  return Promise.all(listeners.map((listener) => listener.close()));
}
