import {
  defineService,
  formatHandle,
  type Handle,
  harborOf,
  isRequestType,
  isSkynetError,
  makeHandle,
  PTYPE,
  printable,
  type ServiceDefinition,
  type Skynet,
  SkynetError,
} from '@skynet/core';
import {
  kernelOf,
  limitedLike,
  Message,
  type NetworkNames,
  type NetworkPlace,
  type Remote,
  type ServiceKernel,
} from '@skynet/core/kernel';
import { createDatacenterService, DATACENTER } from '../datacenter/service.ts';
import { Waits } from '../waits.ts';
import { SHAPES } from './body.ts';
import type { ChannelLimits } from './channel.ts';
import type { Directory } from './directory.ts';
import { meshError } from './errors.ts';
import type { Link, LinkTransport } from './link.ts';
import type { MeshNode } from './node.ts';
import { LIMITS } from './record.ts';
import { Ways } from './ways.ts';

/** What becomes of a node that is cut off from the greater part of the mesh. */
export type OnIsolated =
  /** It goes on with what it has; names of the mesh cannot be given until it is back. */
  | 'keep'
  /** It stops, with exit code 1: what the mesh has once may be started elsewhere. */
  | 'stop';

/** What a node of a mesh is told. */
export interface MeshSetup {
  readonly id: number;
  /** Name of the mesh. */
  readonly mesh: string;
  readonly incarnation: string;
  readonly transport: LinkTransport;
  readonly directory: Directory;
  readonly limits: ChannelLimits;
  readonly onIsolated: OnIsolated;
}

/** Milliseconds until a name is claimed once more that nothing could be decided on, though this node is not cut off. */
const CLAIM_AGAIN = 1000;

/** Name of the service in its node. */
export const MESH = '.mesh';

/** A node's part in a mesh. Its start function returns when the mesh has let the node in. */
export function createMeshService(
  setup: MeshSetup,
  place: NetworkPlace,
  names: MeshNames,
): ServiceDefinition {
  return defineService(async (skynet) => {
    skynet.register(MESH);
    const mesh = new Mesh(skynet, setup, place, names);
    skynet.own(() => mesh.close());
    await mesh.join();
    return {
      NODES: () => mesh.nodes(),
      LINK: (id: number) => mesh.untilLost(id),
      CONNECT: (id: number) => mesh.untilConnected(id),
      CLAIM: (name: string, handle: Handle) => skynet.await(names.claim(name, handle)),
    };
  });
}

/** A node of the mesh, as services are told. */
export interface MeshNodeInfo {
  readonly id: number;
  /** Where it listens for the others. */
  readonly address: string;
  readonly state: 'self' | 'waiting' | 'ready' | 'down';
}

/** Names of the mesh, once it is joined. */
export class MeshNames implements NetworkNames {
  readonly #directory: Directory;
  readonly #owners = new Map<string, Handle>();
  readonly #waiting = new Map<string, ((handle: Handle) => void)[]>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  claim(name: string, handle: Handle, expected?: Handle): Promise<Handle> {
    return this.#directory.claim(name, handle, expected);
  }

  release(name: string, handle: Handle): Promise<void> {
    return this.#directory.release(name, handle);
  }

  owner(name: string): Promise<Handle> {
    const known = this.#owners.get(name);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(name);
      if (waiting === undefined) this.#waiting.set(name, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Who has a name now, as far as this node knows. */
  ownerNow(name: string): Handle | undefined {
    return this.#owners.get(name);
  }

  named(name: string, handle: Handle): void {
    this.#owners.set(name, handle);
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    for (const resolve of waiting ?? []) resolve(handle);
  }

  freed(name: string): void {
    this.#owners.delete(name);
  }
}

/** Names of unique services are for the service managers alone. */
function isShown(name: string): boolean {
  return !name.startsWith('@');
}

class Mesh implements Remote {
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #setup: MeshSetup;
  readonly #place: NetworkPlace;
  readonly #names: MeshNames;
  #ways: Ways | undefined;
  #self: MeshNode | undefined;
  readonly #nodes = new Map<number, MeshNode>();
  #cutOff: string | undefined;
  #isOver = false;
  /** Messages to global names that are not known yet. */
  readonly #unnamed = new Map<string, Message[]>();
  /** Names given here that the mesh has not decided on yet. */
  readonly #undecided = new Map<string, Handle>();
  /** Names that are free again, and who had them last: with its node, they may have been lost. */
  readonly #freedOf = new Map<string, Handle>();
  readonly #waits: Waits;

  constructor(skynet: Skynet, setup: MeshSetup, place: NetworkPlace, names: MeshNames) {
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.#setup = setup;
    this.#place = place;
    this.#names = names;
    this.#waits = new Waits(skynet);
  }

  async join(): Promise<void> {
    const { id, mesh, incarnation, transport, directory, limits } = this.#setup;
    const log = (text: string): void => {
      if (this.#kernel.alive) this.#skynet.error(text);
    };
    /** Links that come before this node knows itself. */
    const early: Link[] = [];
    const accept = (link: Link): void => {
      if (this.#ways === undefined) early.push(link);
      else if (link.purpose === 'directory') directory.accept(link);
      else this.#ways.accept(link);
    };
    const address = await transport.open(
      { kernel: this.#kernel, mesh, id, incarnation, features: [SHAPES, LIMITS], log },
      accept,
    );
    const self: MeshNode = { id, incarnation, address };
    this.#self = self;
    const ways = new Ways(self, this.#kernel, this.#place, transport, limits, {
      log,
      changed: (node) => {
        if (this.#kernel.alive) this.#kernel.enqueue(() => this.#wakeAll(node));
      },
      lost: (node, reason) => directory.suspect(node, reason),
    });
    this.#ways = ways;
    this.#kernel.thread.onThreadLost((thread) => ways.threadLost(thread));
    this.#place.install(this);
    this.#show();
    const joining = directory.join(
      { kernel: this.#kernel, mesh, self, transport, log },
      {
        joined: (node) => {
          this.#nodes.set(node.id, node);
          ways.joined(node);
        },
        left: (node) => {
          if (this.#nodes.get(node.id) === node) this.#nodes.delete(node.id);
          ways.left(node);
          this.#refuseLost();
        },
        named: (name, handle) => this.#named(name, handle),
        freed: (name) => this.#freed(name),
        isolated: (why) => this.#isolated(why),
        rejoined: () => {
          this.#cutOff = undefined;
          log('this node is in the mesh again');
          this.#claimUndecided();
        },
        refused: (reason) => this.#refused(reason),
      },
    );
    for (const link of early.splice(0)) accept(link);
    await joining;
    log(
      `node ${id} is in the mesh, with ${[...this.#nodes.keys()].sort((a, b) => a - b).join(' ') || 'no others'}`,
    );
    this.#skynet.fork(() => this.#keepDatacenter());
  }

  // --- isolation

  #isolated(why: string): void {
    this.#cutOff = why;
    if (!this.#kernel.alive) return;
    this.#skynet.error(`this node is cut off from the mesh: ${printable(why)}`);
    if (this.#setup.onIsolated === 'stop') this.#stop();
  }

  #refused(reason: SkynetError): void {
    if (!this.#kernel.alive) return;
    this.#skynet.error(
      `the mesh does not have this node any more: ${reason.code}: ${printable(reason.message)}`,
    );
    this.#stop();
  }

  #stop(): void {
    process.exitCode = 1;
    this.#kernel.enqueue(() => this.#skynet.abort());
  }

  // --- what is once in the mesh

  /** The datacenter is in some node; another takes over, without the values, when that is lost. */
  async #keepDatacenter(): Promise<void> {
    for (;;) {
      if (this.#names.ownerNow(DATACENTER) === undefined) {
        try {
          await this.#place.start(
            createDatacenterService((handle) => this.#claimDatacenter(handle)),
            'datacenterd',
            [],
          );
        } catch (error) {
          // Another node has it, or nothing can be decided now.
          if (!this.#kernel.alive || !isSkynetError(error)) return;
        }
      }
      await this.#until(
        'datacenter',
        () => this.#names.ownerNow(DATACENTER) === undefined && this.#cutOff === undefined,
      );
      await this.#skynet.sleep('100ms');
    }
  }

  async #claimDatacenter(handle: Handle): Promise<boolean> {
    return (await this.#names.claim(DATACENTER, handle)) === handle;
  }

  // --- what services wait for

  nodes(): MeshNodeInfo[] {
    const { id, address } = this.#self as MeshNode;
    const others = [...this.#nodes.values()].map(
      (node): MeshNodeInfo => ({
        id: node.id,
        address: node.address,
        state: this.#ways?.stateOf(node.id) ?? 'waiting',
      }),
    );
    return [{ id, address, state: 'self' } as const, ...others].sort((a, b) => a.id - b.id);
  }

  async untilLost(id: number): Promise<void> {
    await this.#until(`node ${id}`, () => this.#ways?.stateOf(id) !== 'ready');
  }

  async untilConnected(id: number): Promise<void> {
    if (id !== this.#setup.id) await this.#until(`node ${id}`, () => this.#ways?.stateOf(id) === 'ready');
  }

  async #until(what: string, isTrue: () => boolean): Promise<void> {
    while (!(await this.#waits.until(what, isTrue)));
  }

  #wakeAll(id: number): void {
    this.#waits.wake(`node ${id}`);
  }

  // --- messages

  deliver(to: Handle, message: Message): boolean {
    return this.#ways?.deliver(to, message) ?? false;
  }

  cancel(to: Handle, source: Handle, session: number): void {
    this.#ways?.cancel(to, source, session);
  }

  isReachable(handle: Handle): boolean {
    return this.#ways?.stateOf(harborOf(handle)) !== 'down';
  }

  watch(handle: Handle): void {
    this.#ways?.watch(handle);
  }

  deliverToName(name: string, message: Message): void {
    const { type, session, source, body } = message;
    const before = this.#freedOf.get(name);
    if (before !== undefined && this.#isLost(before)) {
      this.#refuse(name, message, before);
      return;
    }
    // Whoever sent bytes may use their memory for something else by then.
    const own =
      body instanceof Uint8Array ? limitedLike(message, type, session, source, Buffer.from(body)) : message;
    const waiting = this.#unnamed.get(name);
    if (waiting === undefined) this.#unnamed.set(name, [own]);
    else waiting.push(own);
  }

  #refuse(name: string, { type, session, source }: Message, service: Handle): void {
    if (session === 0 || !isRequestType(type)) return;
    const error = new SkynetError('ERR_NODE_LOST', `call failed: ${printable(name)} was lost with its node`, {
      details: { harbor: harborOf(service), service: formatHandle(service) },
    });
    this.#place.deliver(source, new Message(PTYPE.ERROR, session, makeHandle(this.#setup.id, 0), error));
  }

  /** Whether the node of a service is not there any more. */
  #isLost(handle: Handle): boolean {
    const id = harborOf(handle);
    return id !== this.#setup.id && (!this.#nodes.has(id) || this.#ways?.stateOf(id) === 'down');
  }

  /** A node is gone: nobody waits for a name that was lost with it. */
  #refuseLost(): void {
    for (const [name, messages] of [...this.#unnamed]) {
      const before = this.#freedOf.get(name);
      if (before === undefined || !this.#isLost(before)) continue;
      this.#unnamed.delete(name);
      for (const message of messages) this.#refuse(name, message, before);
    }
  }

  // --- names

  /** A name was given in this node: so it is here, until the mesh decides otherwise. */
  named(name: string, handle: Handle): void {
    this.#freedOf.delete(name);
    this.#undecided.set(name, handle);
    const before = this.#names.ownerNow(name);
    // What this node has it may give to another service.
    const expected = before !== undefined && harborOf(before) === this.#setup.id ? before : undefined;
    this.#flushNamed(name, handle);
    this.#names.claim(name, handle, expected).then(
      (owner) => {
        this.#decided(name, handle);
        if (owner === handle || this.#isOver) return;
        this.#skynet.error(
          `ERR_NAME_TAKEN: global name ${printable(name)} belongs to ${formatHandle(owner)}, not to ${formatHandle(handle)}`,
        );
        this.#place.named(name, owner);
      },
      (error: unknown) => {
        if (this.#isOver) return;
        this.#skynet.error(
          `global name ${printable(name)} of ${formatHandle(handle)}: ${printable((error as Error).message)}`,
        );
        if (isSkynetError(error) && error.code === 'ERR_MESH_ISOLATED') {
          // Else it is claimed when this node is in the mesh again.
          if (this.#cutOff === undefined) setTimeout(() => this.#claimUndecided(), CLAIM_AGAIN).unref();
          return;
        }
        this.#decided(name, handle);
        this.#place.unnamed(name, handle);
      },
    );
  }

  #decided(name: string, handle: Handle): void {
    if (this.#undecided.get(name) === handle) this.#undecided.delete(name);
  }

  /** Claims what could not be decided on, for services that live. */
  #claimUndecided(): void {
    if (this.#isOver) return;
    for (const [name, handle] of [...this.#undecided]) {
      const lives = harborOf(handle) !== this.#setup.id || this.#place.threadOf(handle) >= 0;
      if (lives) this.named(name, handle);
      else this.#undecided.delete(name);
    }
  }

  unnamed(name: string): void {
    this.#undecided.delete(name);
    const owner = this.#names.ownerNow(name);
    if (owner === undefined || harborOf(owner) !== this.#setup.id) return;
    this.#names.release(name, owner).catch((error: unknown) => {
      if (!this.#isOver)
        this.#skynet.error(`global name ${printable(name)}: ${printable((error as Error).message)}`);
    });
  }

  /** All names of the mesh are told here. */
  wanted(): void {}

  #named(name: string, handle: Handle): void {
    this.#freedOf.delete(name);
    this.#names.named(name, handle);
    if (!isShown(name)) return;
    this.#place.named(name, handle);
    this.#flushNamed(name, handle);
  }

  #freed(name: string): void {
    const owner = this.#names.ownerNow(name);
    this.#names.freed(name);
    if (owner === undefined || !isShown(name)) return;
    this.#place.unnamed(name, owner);
    this.#freedOf.set(name, owner);
    if (name === DATACENTER && this.#kernel.alive) this.#kernel.enqueue(() => this.#waits.wake('datacenter'));
  }

  #flushNamed(name: string, handle: Handle): void {
    const messages = this.#unnamed.get(name);
    this.#unnamed.delete(name);
    for (const message of messages ?? []) this.#place.resolved(message, handle);
  }

  // --- what consoles show

  #show(): void {
    this.#skynet.info(() => this.info());
    this.#kernel.console.add({
      name: 'mesh',
      help: ': the nodes of the mesh, their links and what waits, names, who is lost since when',
      reads: true,
      run: () => this.info(),
    });
    this.#kernel.console.addSockets(() => this.#ways?.sockets() ?? []);
  }

  info(): Record<string, unknown> {
    const { id, mesh } = this.#setup;
    return {
      mesh,
      node: `${id}@${this.#self?.address ?? ''}`,
      ...(this.#cutOff === undefined ? {} : { isolated: this.#cutOff }),
      ...this.#setup.directory.info(),
      unnamed: [...this.#unnamed.keys()].join(' '),
      ...Object.fromEntries(
        (this.#ways?.info() ?? []).map(
          ({ id: other, state, since, address, received, sent, waiting, late }) => [
            `node ${other}`,
            `${state} since ${new Date(since).toISOString()} ${address} late:${late} received:${received} sent:${sent} waiting:${waiting}`,
          ],
        ),
      ),
    };
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#setup.directory.leave();
    this.#ways?.close();
    await this.#setup.transport.close();
  }
}

/** A service asks for what only a node of a mesh has. */
export function noMesh(): SkynetError {
  return meshError('ERR_MESH_ALONE', 'this node is part of no mesh');
}
