import { defineService, type Handle, printable, type ServiceDefinition, type Skynet } from '@skynet/core';
import {
  kernelOf,
  type Message,
  type NetworkPlace,
  type Remote,
  type ServiceKernel,
} from '@skynet/core/kernel';
import type { Connection, ConnectionStat, Listener } from '@skynet/core/transport';
import { connectionStat } from '../netstat.ts';
import { Waits } from '../waits.ts';
import type { ToSlave, Unknown } from './control.ts';
import { harborError } from './errors.ts';
import { GlobalNames } from './global-names.ts';
import { type LinkState, Links, type LinksOwner } from './links.ts';
import { MasterLink } from './master-link.ts';

/** What a node of the network is told. */
export interface SlaveOptions {
  readonly id: number;
  /** Where it listens for other nodes while it joins. */
  readonly address: string;
  /** Where the master listens. */
  readonly master: string;
  /** Bytes that may wait for one node. */
  readonly backlog: number;
  /** Told of every node that is lost. */
  readonly lost?: (skynet: Skynet, id: number) => void;
  /** Told of a name that belongs to another service than before, perhaps one of the same handle. */
  readonly renamed?: (skynet: Skynet, id: number, name: string, handle: Handle) => void;
}

/** How long a connection may take until it has said which node it is. */
const HANDSHAKE_TIME = '10s';
/** Milliseconds that connecting to a node may take. */
const CONNECT_TIME = 10_000;
/** How often a node that has come is tried to be connected to, and the pause between. */
const TRIES = 5;
const PAUSE = '200ms';
/** How long the master may take until it lets a node in. */
const WELCOME_TIME = '10s';
/** After how long the log says that nodes are missing. */
const PATIENCE = '5s';
/** Milliseconds between two attempts to find a master that was lost: doubled each time, up to the second. */
const SEEK_FIRST = 250;
const SEEK_LAST = 4000;

/**
 * A node's part in the network (the original's `cslave`): the connection to the master, and whom to connect to. Its start
 * function returns when the node is connected with all that were there.
 */
export function createSlave(options: SlaveOptions, place: NetworkPlace): ServiceDefinition {
  return defineService(async (skynet) => {
    skynet.register('.cslave');
    const slave = new Slave(skynet, options, place);
    skynet.own(() => slave.close());
    await slave.join();
    return {
      LINK: (id: number) => slave.untilLost(id),
      CONNECT: (id: number) => slave.untilConnected(id),
      LINKMASTER: () => slave.untilMasterLost(),
      QUERYNAME: (name: string) => skynet.queryName(name),
      REGISTER: (name: string, handle: Handle) => skynet.nameService(name, handle),
    };
  });
}

class Slave implements Remote {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #options: SlaveOptions;
  readonly #place: NetworkPlace;
  readonly #links: Links;
  /** The service that stands for the links: it asks services of other nodes. */
  #harbor: ServiceKernel | undefined;
  readonly #master: MasterLink;
  #masterSince = Date.now();
  #isMasterLost = false;
  /** Whether it has been let in once: only then a master that is lost is looked for. */
  #hasJoined = false;
  #listener: Listener | undefined;
  /** Nodes to connect to, until this one is ready. */
  #queue: (readonly [id: number, address: string])[] | undefined = [];
  /** Nodes that have not connected yet and will, once the master has said how many. */
  #awaited: number | undefined;
  readonly #names: GlobalNames;
  readonly #watched = new Set<Handle>();
  readonly #waits: Waits;

  constructor(skynet: Skynet, options: SlaveOptions, place: NetworkPlace) {
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.#options = options;
    this.#place = place;
    const owner: LinksOwner = {
      log: (text) => this.#harbor?.skynet.error(text),
      changed: (id, state) => this.#changed(id, state),
    };
    this.#master = new MasterLink(this.#kernel, options.master, {
      told: (message) => this.#told(message),
      closed: () => this.#masterClosed(),
    });
    this.#links = new Links(options.id, place, owner, options.backlog);
    this.#waits = new Waits(skynet);
    this.#names = new GlobalNames(place, {
      id: options.id,
      tell: (message) => this.#master.tell(message),
      log: (text) => skynet.error(text),
      renamed: (name, handle) => skynet.fork(() => this.#renamed(name, handle)),
    });
  }

  // --- joining

  async join(): Promise<void> {
    const { id, address, master } = this.#options;
    this.#listener = await this.#kernel.listen(address, {}, (connection) => this.#accept(connection));
    // They are heard when it is known how many will come.
    this.#listener.pause();
    this.#skynet.error(`slave connect to master ${master}`);
    await this.#master.connect();
    await this.#place.start(
      defineService((harbor) => {
        this.#harbor = kernelOf(harbor);
        harbor.info(() => this.info());
        this.#show(this.#harbor);
      }),
      'harbor',
      [String(id), String(this.#skynet.self())],
      '',
    );
    this.#place.install(this);
    this.#master.tell(['H', id, address]);
    await this.#welcome();
    this.#hasJoined = true;
    this.#skynet.error('Shakehand ready');
    this.#skynet.fork(() => this.#connectQueued());
    if (this.#isMasterLost) this.#skynet.fork(() => this.#seekMaster());
  }

  /** What consoles show of the network. */
  #show(harbor: ServiceKernel): void {
    harbor.thread.onThreadLost((thread) => this.#links.threadLost(thread));
    harbor.console.add({
      name: 'harbor',
      help: ': the network of nodes: master, links, names that are asked for',
      reads: true,
      run: () => this.info(),
    });
    harbor.console.addSockets(() => this.#sockets());
  }

  #sockets(): ConnectionStat[] {
    const service = this.#harbor?.skynet.self() ?? 0;
    const links = this.#links
      .info()
      .filter(({ state }) => state === 'ready')
      .map((link) =>
        connectionStat(service, link, {
          localAddress: link.own,
          remoteAddress: link.address,
          pendingBytes: link.waiting,
        }),
      );
    const master = this.#master.stat(this.#skynet.self());
    return master === undefined ? links : [master, ...links];
  }

  #masterClosed(): void {
    this.#waits.wake('welcome');
    if (!this.#isMasterLost) this.#masterLost();
  }

  /** Waits until the master has let the node in and all who were there have connected. */
  async #welcome(): Promise<void> {
    const { id, master } = this.#options;
    await this.#waits.until('welcome', () => this.#awaited !== undefined || this.#isMasterLost, WELCOME_TIME);
    if (this.#isMasterLost && this.#awaited === undefined)
      throw harborError(
        'ERR_HARBOR_REFUSED',
        `the master ${master} does not let harbor ${id} in: the id is in use`,
        {
          details: { harbor: id, master },
        },
      );
    if (this.#awaited === undefined)
      throw harborError('ERR_HARBOR_SILENT', `the master ${master} does not answer harbor ${id}`, {
        details: { harbor: id, master },
      });
    this.#skynet.error(`Waiting for ${this.#awaited} harbors`);
    if (this.#awaited > 0) this.#listener?.resume();
    const isComplete = (): boolean => (this.#awaited as number) <= 0;
    while (!(await this.#waits.until('harbors', isComplete, PATIENCE)))
      this.#skynet.error(`still waiting for ${this.#awaited} harbors`);
    await this.#listener?.close();
    this.#listener = undefined;
  }

  /** What the master tells, in the order of coming. */
  #told(message: ToSlave | Unknown): void {
    switch (message[0]) {
      case 'W':
        this.#awaited ??= message[1];
        this.#waits.wake('welcome');
        break;
      case 'C':
        this.#links.expect(message[1]);
        if (this.#queue === undefined) this.#skynet.fork(() => this.#connect(message[1], message[2]));
        else this.#queue.push([message[1], message[2]]);
        break;
      case 'N':
        this.#names.known(message[1], message[2]);
        break;
      case 'D':
        this.#gone(message[1]);
        break;
      case 'V':
        this.#master.tell(['V']);
        break;
      default:
    }
  }

  #masterLost(): void {
    this.#isMasterLost = true;
    this.#masterSince = Date.now();
    this.#skynet.error('Master disconnect');
    this.#waits.wake('master');
    this.#names.masterLost();
    if (this.#hasJoined) this.#skynet.fork(() => this.#seekMaster());
  }

  // --- a master that comes back

  /** Looks for the master until it is there again. The links stay as they are meanwhile. */
  async #seekMaster(): Promise<void> {
    let told: string | undefined;
    for (let pause = SEEK_FIRST; ; pause = Math.min(pause * 2, SEEK_LAST)) {
      await this.#skynet.sleep(`${pause}ms`);
      const failure = await this.#joinAgain();
      if (failure === undefined) break;
      if (failure !== told) this.#skynet.error(failure);
      told = failure;
    }
    this.#isMasterLost = false;
    this.#masterSince = Date.now();
    this.#skynet.error('Master connected again');
    this.#names.masterBack();
    this.#waits.wake('master back');
  }

  /** Joins the network once more; why not, if the master is not there or does not let it in. */
  async #joinAgain(): Promise<string | undefined> {
    const { id, address, master } = this.#options;
    try {
      // Nodes that have come since are told to connect to this one.
      this.#listener ??= await this.#kernel.listen(address, {}, (from) => this.#accept(from));
      await this.#master.connect();
    } catch (error) {
      return printable(error);
    }
    this.#awaited = undefined;
    this.#master.tell(['H', id, address]);
    const isSettled = (): boolean => this.#awaited !== undefined || !this.#master.isOpen;
    await this.#waits.until('welcome', isSettled, WELCOME_TIME);
    if (!this.#master.isOpen) return `the master ${master} does not let harbor ${id} in again`;
    if (this.#awaited !== undefined) return undefined;
    this.#master.destroy();
    return `the master ${master} does not answer harbor ${id}`;
  }

  // --- links

  #accept(connection: Connection): void {
    const fd = this.#kernel.thread.nextId();
    this.#skynet.error(`New connection (fd = ${fd}, ${connection.remoteAddress})`);
    const limit = this.#skynet.timeout(HANDSHAKE_TIME, () => connection.destroy());
    let isKnown = false;
    connection.start({
      data: (chunk) => {
        if (isKnown) return;
        isKnown = true;
        limit.cancel();
        this.#accepted(connection, fd, chunk);
      },
      end: () => connection.close(),
      drained: () => {},
      error: () => {},
      closed: () => {
        limit.cancel();
        if (!isKnown) this.#skynet.error(`Connection (fd =${fd}) closed`);
      },
    });
  }

  #accepted(connection: Connection, fd: number, chunk: Uint8Array): void {
    const id = chunk[0] as number;
    const isConnected = this.#links.stateOf(id) === 'ready';
    if (id === 0 || id === this.#options.id || isConnected) {
      this.#skynet.error(`Slave ${id} exist (fd =${fd})`);
      connection.destroy();
      return;
    }
    this.#skynet.error(`Harbor ${id} connected (fd = ${fd})`);
    this.#links.accepted(id, connection, fd, chunk.slice(1));
    this.#arrived();
  }

  /** One node less to wait for. */
  #arrived(): void {
    if (this.#listener === undefined || this.#awaited === undefined) return;
    this.#awaited--;
    this.#kernel.enqueue(() => this.#waits.wake('harbors'));
  }

  async #connectQueued(): Promise<void> {
    const queue = this.#queue ?? [];
    this.#queue = undefined;
    await Promise.all(queue.map(([id, address]) => this.#connect(id, address)));
  }

  /** Connects to a node that has come. One that cannot be reached is lost. */
  async #connect(id: number, address: string): Promise<void> {
    if (id === this.#options.id || this.#links.stateOf(id) === 'ready') return;
    for (let tries = 1; ; tries++) {
      try {
        const connection = await this.#kernel.connect(address, { timeout: CONNECT_TIME });
        const fd = this.#kernel.thread.nextId();
        this.#skynet.error(`Connect to harbor ${id} (fd=${fd}), ${printable(address)}`);
        this.#links.dialled(id, connection, fd);
        return;
      } catch (error) {
        if (this.#links.stateOf(id) === 'down') return;
        if (tries < TRIES) await this.#skynet.sleep(PAUSE);
        else {
          this.#skynet.error(`Can't connect to ${printable(address)}: ${printable(error)}`);
          this.#links.down(id);
          return;
        }
      }
    }
  }

  /** The master has lost a node. */
  #gone(id: number): void {
    if (this.#queue !== undefined) this.#queue = this.#queue.filter(([other]) => other !== id);
    // It may be one of those that are waited for: of them only the number is known.
    if (this.#links.stateOf(id) !== 'ready') this.#arrived();
    this.#links.down(id);
  }

  #changed(id: number, state: LinkState): void {
    // Links end behind the service when the node stops.
    if (state === 'waiting' || !this.#kernel.alive) return;
    if (state === 'down') this.#left(id);
    this.#kernel.enqueue(() => this.#waits.wake(state === 'ready' ? `connect ${id}` : `link ${id}`));
  }

  #left(id: number): void {
    this.#names.nodeLost(id);
    this.#options.lost?.(this.#skynet, id);
  }

  // --- what services wait for

  async untilLost(id: number): Promise<void> {
    await this.#waits.until(`link ${id}`, () => this.#links.stateOf(id) !== 'ready');
  }

  async untilConnected(id: number): Promise<void> {
    if (id !== this.#options.id)
      await this.#waits.until(`connect ${id}`, () => this.#links.stateOf(id) === 'ready');
  }

  async untilMasterLost(): Promise<void> {
    await this.#waits.until('master', () => this.#isMasterLost);
  }

  // --- messages and names

  deliver(to: Handle, message: Message): boolean {
    return this.#links.deliver(to, message);
  }

  isReachable(handle: Handle): boolean {
    return this.#links.stateOf(handle >>> 24) !== 'down';
  }

  deliverToName(name: string, message: Message): void {
    this.#names.deliver(name, message);
  }

  named(name: string, handle: Handle): void {
    this.#names.given(name, handle);
  }

  wanted(name: string): void {
    this.#names.wanted(name);
  }

  /** The name may be known before its node is connected. */
  async #renamed(name: string, handle: Handle): Promise<void> {
    await this.untilConnected(handle >>> 24);
    if (this.#names.isKnown(name, handle))
      this.#options.renamed?.(this.#skynet, this.#options.id, name, handle);
  }

  /** The end of a service is the end of a request that it answers no sooner, to the original's nodes too. */
  watch(handle: Handle): void {
    if (this.#watched.has(handle)) return;
    this.#watched.add(handle);
    const gone = (reason: 'exited' | 'node-lost'): void => {
      this.#watched.delete(handle);
      this.#place.gone(handle, reason);
    };
    try {
      this.#harbor?.ask(handle, 'debug', this.#skynet.pack('LINK'), (error) =>
        gone(error?.code === 'ERR_NODE_LOST' ? 'node-lost' : 'exited'),
      );
    } catch {
      gone('node-lost');
    }
  }

  info(): Record<string, unknown> {
    const { received, sent } = this.#master.traffic;
    const master = this.#isMasterLost ? 'lost' : 'connected';
    return {
      harbor: this.#options.id,
      master: `${this.#options.master} ${master} since ${timeOf(this.#masterSince)} received:${received} sent:${sent}`,
      names: Object.fromEntries(
        this.#names.entries().map(([name, handle]) => [name, this.#skynet.address(handle)]),
      ),
      asked: this.#names.asked().join(' '),
      ...Object.fromEntries(
        this.#links
          .info()
          .map(({ id, state, since, address, received, sent, waiting, calls, serving }) => [
            `node ${id}`,
            `${state === 'down' ? 'lost' : state} since ${timeOf(since)} ${address} received:${received} sent:${sent} waiting:${waiting} pending:${calls} serving:${serving}`,
          ]),
      ),
    };
  }

  close(): void {
    this.#links.close();
    this.#master.close(1000);
  }
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
