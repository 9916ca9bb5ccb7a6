import { hostname } from 'node:os';
import {
  defineService,
  type Handle,
  isSkynetError,
  printable,
  type Request,
  type ServiceDefinition,
  type Skynet,
} from '@skynet/core';
import { kernelOf, type ServiceKernel } from '@skynet/core/kernel';
import type { ConnectionStat, Listener } from '@skynet/core/transport';
import { askNode } from './ask-node.ts';
import { clusterError } from './errors.ts';
import { createProxyService, createSenderService, type Forward } from './forwarding.ts';
import { IncomingNode } from './incoming.ts';
import { NameTable } from './name-table.ts';
import { type ReadTable, readTable, readTableFile } from './node-table.ts';
import { type NodeRules, RemoteNode } from './remote-node.ts';
import type { Target } from './request-frame.ts';

/** Name of the service in its node. */
export const CLUSTERD = '.clusterd';

/** Where a node listens when it is not told: nobody from outside gets in. */
const LOOPBACK = '127.0.0.1';

/** Key of the table of nodes in what all threads see: it outlives the thread of the service. */
const TABLE_KEY = 'harbor.cluster.table';

/** Sends through the service that has the connections. */
function forwardThrough(skynet: Skynet, clusterd: () => Handle): Forward {
  return {
    call: (node, to, body) => askNode(skynet, clusterd(), node, to, body),
    send: (node, to, body) => void skynet.rawSend(clusterd(), 'lua', ['push', node, to, body]),
  };
}

/** Has the connections of a node to the others of its cluster. There is one of it. */
export function createClusterd(): ServiceDefinition {
  return defineService((skynet) => {
    try {
      skynet.register(CLUSTERD);
    } catch (error) {
      if (isSkynetError(error, 'ERR_NAME_TAKEN')) skynet.exit();
      throw error;
    }
    const cluster = new Clusterd(kernelOf(skynet));
    cluster.start();
    skynet.dispatch('lua', (request: Request, command: string, ...args: never[]) => {
      // By far the most frequent.
      if (command === 'req')
        return cluster.request(
          request,
          args[0] as never,
          args[1] as never,
          args[2] as never,
          args[3] as unknown as number | undefined,
        );
      if (command === 'push') return cluster.push(args[0] as never, args[1] as never, args[2] as never);
      if (command === 'drop') return cluster.giveUp(request.source, args[0] as never, args[1] as never);
      return cluster.command(request, command, args);
    });
    const { console } = kernelOf(skynet);
    skynet.info(() => cluster.info());
    console.add({
      name: 'cluster',
      help: ': nodes, names and connections of the cluster',
      reads: true,
      run: () => cluster.info(),
    });
    console.addSockets(() => cluster.sockets());
  });
}

/** A port that is open. */
interface Listening {
  readonly listener: Listener;
  readonly fd: number;
  /** Connections so far. */
  accepted: number;
}

class Clusterd {
  readonly #kernel: ServiceKernel;
  readonly #skynet: Skynet;
  readonly #nodes = new Map<string, RemoteNode>();
  readonly #addresses = new Map<string, string | false>();
  readonly #options = new Map<string, unknown>();
  readonly #names = new NameTable();
  readonly #watches = new Map<string, () => void>();
  readonly #incoming = new Set<IncomingNode>();
  readonly #listeners: Listening[] = [];
  readonly #services = new Map<string, Promise<Handle>>();
  readonly #ownName = `${hostname().replace(/[^!-~]/g, '_')}${process.pid}`;
  #rules: NodeRules = rulesOf(this.#options, this.#ownName);
  readonly #commands: Readonly<Record<string, (request: Request, ...args: never[]) => unknown>> = {
    reload: (_request, table: unknown) => this.#reload(table),
    listen: async (request, where: string | number, host?: string, maxclient?: number) => {
      request.ret(...(await this.#listen(where, host, maxclient)));
    },
    register: (request, name: string, handle?: Handle) => this.#register(name, handle ?? request.source),
    unregister: (_request, name: string) => this.#unregister(name),
    queryname: (_request, name: string) => this.#names.get(name),
    proxy: (_request, node: string, name?: Target) => this.#proxy(node, name),
    sender: (_request, node: string) => this.#sender(node),
    senders: () => Object.fromEntries([...this.#nodes].map(([name, node]) => [name, node.state])),
  };

  constructor(kernel: ServiceKernel) {
    this.#kernel = kernel;
    this.#skynet = kernel.skynet;
    kernel.own(() => this.#close());
  }

  /** Reads the table that the configuration names, or the last one that this node has had. */
  start(): void {
    const kept = this.#kernel.thread.registry.get(TABLE_KEY);
    if (kept !== undefined) this.#apply(readTable(JSON.parse(kept)));
    else this.#loadFile();
  }

  request(request: Request, node: string, to: Target, body: Uint8Array, ticket = 0): void {
    const respond = request.response();
    try {
      this.#node(node).request(
        to,
        body,
        { source: request.source, ticket, tag: this.#kernel.traceTag },
        (error, answer) => {
          // Connections close behind the service when the node stops; who waits has been told by then.
          if (!this.#kernel.alive) return;
          if (error !== undefined) respond(false, error);
          else respond(true, answer);
        },
      );
    } catch (error) {
      respond(false, error);
    }
  }

  giveUp(source: Handle, node: string, ticket: number): void {
    this.#nodes.get(node)?.giveUp({ source, ticket });
  }

  push(node: string, to: Target, body: Uint8Array): void {
    this.#node(node).push(to, body);
  }

  command(request: Request, name: string, args: never[]): unknown {
    const command = Object.hasOwn(this.#commands, name) ? this.#commands[name] : undefined;
    if (command !== undefined) return command(request, ...args);
    throw clusterError('ERR_UNKNOWN_COMMAND', `Unknown command ${printable(name)}`, {
      details: { command: printable(name) },
    });
  }

  info(): unknown {
    return {
      name: this.#ownName,
      listen: this.#listeners.map(({ listener }) => listener.address),
      names: Object.fromEntries(
        [...this.#names.entries()].map(([name, handle]) => [name, this.#skynet.address(handle)]),
      ),
      nodes: Object.fromEntries(
        [...this.#nodes.values()].map((node) => [
          node.name,
          `${String(node.address ?? 'nil')} ${node.state} pending:${node.pending} late:${node.late} sent:${node.sent} received:${node.received} wbuffer:${node.pendingBytes}`,
        ]),
      ),
      connected: [...this.#incoming].map(
        (node) => `${node.address} pending:${node.pending} wbuffer:${node.pendingBytes}`,
      ),
    };
  }

  sockets(): ConnectionStat[] {
    const address = this.#skynet.self();
    const listening = this.#listeners.map(
      ({ listener, fd, accepted }): ConnectionStat => ({
        id: fd,
        type: 'LISTEN',
        address,
        read: accepted,
        write: 0,
        rbuffer: 0,
        wbuffer: 0,
        sock: listener.address,
        peer: undefined,
      }),
    );
    const links = [...this.#nodes.values()].flatMap((node) => node.links.map((link) => link.stat(address)));
    return [...listening, ...links, ...[...this.#incoming].map((node) => node.stat())];
  }

  // --- nodes

  #node(name: string): RemoteNode {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = new RemoteNode(this.#kernel, name, this.#addresses.get(name), () => this.#rules);
      this.#nodes.set(name, node);
    }
    return node;
  }

  #reload(table: unknown): void {
    if (table === undefined || table === null) this.#loadFile();
    else this.#apply(readTable(table));
  }

  #loadFile(): void {
    const file = this.#skynet.getenv('cluster');
    if (file !== undefined) this.#apply(readTableFile(file));
  }

  #apply({ nodes, options }: ReadTable): void {
    for (const [name, value] of options) {
      this.#options.set(name, value);
      this.#skynet.error(`Config ${printable(name)} = ${printable(value)}`);
    }
    this.#rules = rulesOf(this.#options, this.#ownName);
    for (const [name, address] of nodes) {
      this.#addresses.set(name, address);
      this.#nodes.get(name)?.setAddress(address);
    }
    // Without waiting those fail that wait.
    for (const node of this.#nodes.values()) if (node.address === undefined) node.advance();
    this.#keepTable();
  }

  #keepTable(): void {
    const { registry } = this.#kernel.thread;
    const table: Record<string, unknown> = Object.fromEntries(this.#addresses);
    for (const [name, value] of this.#options) table[`__${name}`] = value;
    registry.remove(TABLE_KEY);
    registry.add(TABLE_KEY, JSON.stringify(table));
  }

  // --- listening

  async #listen(
    where: string | number,
    host: string | undefined,
    maxclient: number | undefined,
  ): Promise<[string, number]> {
    const address = typeof where === 'number' ? `${host ?? LOOPBACK}:${where}` : this.#ownAddress(where);
    const fd = this.#kernel.thread.nextId();
    let listening: Listening | undefined;
    const listener = await this.#kernel.listen(
      address,
      maxclient === undefined ? {} : { maxConnections: maxclient },
      (connection) => {
        this.#skynet.error(`socket accept from ${connection.remoteAddress}`);
        if (listening !== undefined) listening.accepted++;
        const node = new IncomingNode(this.#kernel, this.#names, connection, () => {
          this.#incoming.delete(node);
        });
        this.#incoming.add(node);
      },
    );
    listening = { listener, fd, accepted: 0 };
    this.#listeners.push(listening);
    const at = listener.address.lastIndexOf(':');
    const bound = at < 0 ? listener.address : listener.address.slice(0, at);
    this.#skynet.error(`Listen on ${bound} ${listener.port}`);
    return [bound, listener.port];
  }

  #ownAddress(name: string): string {
    const address = this.#addresses.get(name);
    if (typeof address === 'string') return address;
    this.#skynet.error(`${printable(name)} is down`);
    throw clusterError('ERR_CLUSTER_NODE_DOWN', `call failed: ${printable(name)} is down`, {
      details: { node: name },
    });
  }

  // --- names

  #register(name: string, handle: Handle): void {
    const before = this.#names.nameOf(handle);
    this.#names.add(name, handle);
    if (before !== undefined) this.#unwatch(before);
    this.#watches.set(
      name,
      this.#kernel.watch(handle, () => {
        this.#watches.delete(name);
        if (this.#names.get(name) === handle) this.#unregister(name);
      }),
    );
    this.#skynet.error(`Register [${printable(name)}] ${this.#skynet.address(handle)}`);
  }

  #unregister(name: string): void {
    const handle = this.#names.remove(name);
    if (handle === undefined) return;
    this.#unwatch(name);
    this.#skynet.error(`Unregister [${printable(name)}] ${this.#skynet.address(handle)}`);
  }

  #unwatch(name: string): void {
    this.#watches.get(name)?.();
    this.#watches.delete(name);
  }

  // --- services that stand for others

  #proxy(node: string, name: Target | undefined): Promise<Handle> {
    const [where, to] = name === undefined ? splitName(node) : [node, name];
    return this.#once(`${where}.${to}`, () =>
      this.#kernel.thread.start(createProxyService(where, to, this.#forward), `clusterproxy ${where} ${to}`),
    );
  }

  #sender(node: string): Promise<Handle> {
    return this.#once(node, () =>
      this.#kernel.thread.start(
        createSenderService(node, this.#forward),
        `clustersender ${node} ${this.#ownName}`,
      ),
    );
  }

  /** Starts a service, or gives the one that was started. */
  async #once(key: string, start: () => Promise<Handle>): Promise<Handle> {
    const known = this.#services.get(key);
    const handle = known === undefined ? undefined : await this.#skynet.await(known);
    if (handle !== undefined && this.#kernel.isAlive(handle)) return handle;
    const starting =
      this.#services.get(key) === known ? start() : (this.#services.get(key) as Promise<Handle>);
    this.#services.set(key, starting);
    try {
      return await this.#skynet.await(starting);
    } catch (error) {
      if (this.#services.get(key) === starting) this.#services.delete(key);
      throw error;
    }
  }

  readonly #forward = (skynet: Skynet): Forward => forwardThrough(skynet, () => this.#skynet.self());

  #close(): void {
    for (const node of this.#nodes.values()) node.close();
    for (const node of this.#incoming) node.close();
  }
}

/** Bytes that may wait for one node, unless the table says otherwise. */
const BACKLOG: number = 256 << 20;

function rulesOf(options: ReadonlyMap<string, unknown>, ownName: string): NodeRules {
  const backlog = options.get('backlog');
  return {
    ownName,
    waits: options.get('nowaiting') !== true,
    backlog: typeof backlog === 'number' && backlog > 0 ? backlog : BACKLOG,
  };
}

/** `node@name` and `node.name`, taken apart. @throws ERR_CLUSTER_NAME. */
function splitName(text: string): [node: string, name: string] {
  const at = text.search(/[@.]/);
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at)];
  throw clusterError('ERR_CLUSTER_NAME', `Invalid name ${printable(text)}`, { details: { name: text } });
}
