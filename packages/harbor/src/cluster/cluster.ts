import {
  type Body,
  type CallTarget,
  type Handle,
  isSkynetError,
  printable,
  type ServiceHandle,
  type Skynet,
  unpackSeri,
} from '@skynet/core';
import { kernelOf, packSeriShared, type ThreadKernel } from '@skynet/core/kernel';
import { readOptions } from '@skynet/core/options';
import { askNode } from './ask-node.ts';
import { CLUSTERD, createClusterd } from './clusterd.ts';
import { clusterError } from './errors.ts';
import { bytesOf } from './forwarding.ts';
import type { NodeTable } from './node-table.ts';
import { createRemoteSnax, type RemoteSnax, type SnaxDescription, snaxNumbers } from './remote-snax.ts';
import type { Target } from './request-frame.ts';

/** Where a call goes, with what limits it. */
export interface NodeTarget extends Omit<CallTarget, 'to'> {
  /** Name of the node. */
  node: string;
}

/** How {@link Cluster.open} listens. */
export interface OpenOptions {
  /** Address to listen on when a port is given. Default `127.0.0.1`: nobody from outside gets in. */
  host?: string;
  /** Connections at the same time. Default: as many as there are descriptors for. */
  maxclient?: number;
}

/** Calls between nodes by their names, as the original's `skynet.cluster`. One for each service, see {@link createCluster}. */
export interface Cluster {
  /**
   * Says where nodes listen; nodes that the table has not stay as they are. Without a table the file is read again that
   * the configuration names as `cluster`. Requests under way to a node whose address changes are still answered.
   * @throws ERR_CLUSTER_TABLE; nothing has changed then.
   */
  reload(table?: NodeTable): Promise<void>;
  /**
   * Listens for other nodes, at a port (0: any free one) or where the table says that the node of this name listens.
   * @throws ERR_LISTEN, ERR_CLUSTER_NODE_DOWN.
   */
  open(where: number | string, options?: OpenOptions | number): Promise<{ address: string; port: number }>;
  /**
   * Calls a service of another node: its first value. `address` is a handle, `"@name"` given by {@link register}, or a
   * local name `".name"`.
   * @throws ERR_CLUSTER_NODE_UNKNOWN, ERR_CLUSTER_NODE_DOWN, ERR_CLUSTER_CONNECT, ERR_CLUSTER_NAME, ERR_NODE_LOST,
   *   ERR_REMOTE, ERR_TIMEOUT, ERR_ABORTED, ERR_UNSERIALIZABLE.
   */
  call<Result = unknown>(node: string | NodeTarget, address: Target, ...values: unknown[]): Promise<Result>;
  /** As {@link call} with a packed body both ways. */
  rawCall(node: string | NodeTarget, address: Target, body: Body): Promise<Body>;
  /**
   * Sends to a service of another node. Never waits; that a node cannot be reached is only logged.
   * @throws ERR_CLUSTER_NAME, ERR_UNSERIALIZABLE.
   */
  send(node: string, address: Target, ...values: unknown[]): void;
  /** The handle that a name stands for at another node. @throws as {@link call}. */
  query(node: string | NodeTarget, name: string): Promise<Handle>;
  /**
   * Gives a service, default this one, a name for other nodes: `"@name"` there. It loses the name it had.
   * @throws ERR_CLUSTER_NAME when another one has the name.
   */
  register(name: string, handle?: Handle): Promise<void>;
  /** Takes a name away; nothing if nobody has it. */
  unregister(name: string): Promise<void>;
  /**
   * A service of this node that stands for one of another: what it is called with goes there. `proxy("db@sdb")` is
   * `proxy("db", "@sdb")`.
   * @throws ERR_CLUSTER_NAME.
   */
  proxy<Commands = unknown>(node: string, name?: Target): Promise<ServiceHandle<Commands>>;
  /**
   * A snax service of another node by its name, called by the numbers of its methods: those of the script that this node
   * has under that name, `snax<typeof script>("db", "store", { snax: createSnax(skynet) })`, or of the list `methods`.
   * It must be open for clusters (`enableCluster()`). Without an address the other node's service manager is asked.
   * @throws ERR_ARGUMENT, what finding the script throws, and as {@link call}.
   */
  snax<Script = Record<string, (...args: never[]) => unknown>>(
    node: string,
    name: string,
    description: SnaxDescription,
  ): Promise<RemoteSnax<Script>>;
  /** A service of this node that sends `req` and `push` messages to another. */
  getSender(node: string): Promise<Handle>;
}

const STARTING = Symbol('cluster');

/**
 * The cluster for one service: `const cluster = createCluster(skynet);`, the original's `require "skynet.cluster"`. The
 * service counts as started only when the node's connections are up.
 */
export function createCluster(skynet: Skynet): Cluster {
  return new ClusterOfService(skynet);
}

class ClusterOfService implements Cluster {
  readonly #skynet: Skynet;
  readonly #thread: ThreadKernel;

  constructor(skynet: Skynet) {
    this.#skynet = skynet;
    this.#thread = kernelOf(skynet).thread;
    if (this.#known() === undefined) skynet.init(() => this.#find());
  }

  async reload(table?: NodeTable): Promise<void> {
    await this.#command('reload', table);
  }

  async open(
    where: number | string,
    options: OpenOptions | number = {},
  ): Promise<{ address: string; port: number }> {
    const given = typeof options === 'number' ? { maxclient: options } : options;
    const { host, maxclient } = readOptions('cluster option', given, (read) => ({
      host: read.text('host', undefined),
      maxclient: read.whole('maxclient', 1, Number.MAX_SAFE_INTEGER, undefined),
    }));
    if (typeof where !== 'string' && !isPort(where))
      throw clusterError('ERR_ARGUMENT', `a port or the name of a node, not ${printable(where)}`);
    const body = await this.#raw('listen', where, host, maxclient);
    const [address, port] = this.#skynet.unpack(body) as [string, number];
    return { address, port };
  }

  async call<Result = unknown>(
    node: string | NodeTarget,
    address: Target,
    ...values: unknown[]
  ): Promise<Result> {
    return unpackSeri(await this.#request(node, address, packSeriShared(values)))[0] as Result;
  }

  async rawCall(node: string | NodeTarget, address: Target, body: Body): Promise<Body> {
    return this.#request(node, address, bytesOf(body));
  }

  send(node: string, address: Target, ...values: unknown[]): void {
    checkTarget(address);
    const body = packSeriShared(values);
    const clusterd = this.#known();
    if (clusterd !== undefined) this.#skynet.rawSend(clusterd, 'lua', ['push', node, address, body]);
    else
      this.#skynet.fork(async () => {
        this.#skynet.rawSend(await this.#find(), 'lua', ['push', node, address, body]);
      });
  }

  async query(node: string | NodeTarget, name: string): Promise<Handle> {
    return unpackSeri(await this.#request(node, 0, packSeriShared([name])))[0] as Handle;
  }

  async register(name: string, handle: Handle = this.#skynet.self()): Promise<void> {
    checkName(name);
    await this.#command('register', name, handle);
  }

  async unregister(name: string): Promise<void> {
    checkName(name);
    await this.#command('unregister', name);
  }

  proxy<Commands = unknown>(node: string, name?: Target): Promise<ServiceHandle<Commands>> {
    return this.#command('proxy', node, name);
  }

  async snax<Script>(node: string, name: string, description: SnaxDescription): Promise<RemoteSnax<Script>> {
    const numbers = await snaxNumbers(name, description);
    const address =
      description.address ?? (await this.call<Handle>(node, '.service', 'QUERY', 'snaxd', name));
    checkTarget(address);
    return createRemoteSnax<Script>(name, numbers, {
      call: (method, args) => this.call(node, address, method, ...args),
      send: (method, args) => this.send(node, address, method, ...args),
    });
  }

  getSender(node: string): Promise<Handle> {
    return this.#command('sender', node);
  }

  #request(node: string | NodeTarget, to: Target, body: Uint8Array): Promise<Uint8Array> {
    if (to !== 0) checkTarget(to);
    const clusterd = this.#known();
    return clusterd === undefined
      ? this.#find().then((found) => this.#ask(found, node, to, body))
      : this.#ask(clusterd, node, to, body);
  }

  #ask(clusterd: Handle, node: string | NodeTarget, to: Target, body: Uint8Array): Promise<Uint8Array> {
    if (typeof node === 'string') return askNode(this.#skynet, clusterd, node, to, body);
    const { node: name, ...limits } = node;
    return askNode(this.#skynet, clusterd, name, to, body, limits);
  }

  async #command<Result>(...words: unknown[]): Promise<Result> {
    return this.#skynet.unpack(await this.#raw(...words))[0] as Result;
  }

  /** The answer of the service with the connections to one of its own commands. */
  async #raw(...words: unknown[]): Promise<Body> {
    const to = this.#known() ?? (await this.#find());
    return this.#skynet.rawCall({ to, timeout: 0 }, 'lua', this.#skynet.pack(...words));
  }

  /** The service with the connections, if it runs. */
  #known(): Handle | undefined {
    return this.#skynet.localName(CLUSTERD);
  }

  async #find(): Promise<Handle> {
    for (;;) {
      const known = this.#known();
      if (known !== undefined) return known;
      await this.#skynet.await(start(this.#thread));
    }
  }
}

/** Starts the service in this thread, unless another thread is quicker. */
function start(thread: ThreadKernel): Promise<unknown> {
  const starting = thread.local<{ under: Promise<unknown> | undefined }>(STARTING, () => ({
    under: undefined,
  }));
  starting.under ??= thread
    .start(createClusterd(), 'clusterd')
    .catch((error: unknown) => {
      // Another thread has been quicker.
      if (!isSkynetError(error, 'ERR_SERVICE_EXITED')) throw error;
    })
    .finally(() => {
      starting.under = undefined;
    });
  return starting.under;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 0xffff;
}

function checkName(name: string): void {
  if (typeof name === 'string' && name !== '' && Buffer.byteLength(name) < 0xff) return;
  throw clusterError(
    'ERR_CLUSTER_NAME',
    `a name for other nodes is text of 1 to 254 bytes, not ${printable(name)}`,
  );
}

function checkTarget(to: Target): void {
  if (
    typeof to === 'number'
      ? to > 0 && to <= 0xffffffff && Number.isInteger(to)
      : typeof to === 'string' && to !== ''
  )
    return;
  throw clusterError(
    'ERR_CLUSTER_NAME',
    `a service of another node is a handle or a name, not ${printable(to)}`,
  );
}
