import { kernelOf } from '../actor/context.ts';
import { packSeri } from '../codec/lua-seri.ts';
import type { ServiceKernel } from '../contracts/kernel.ts';
import type { Request } from '../contracts/request.ts';
import type { ServiceDefinition, Skynet } from '../contracts/skynet.ts';
import { defineService } from '../define.ts';
import { SkynetError } from '../errors.ts';
import { type Handle, harborOf } from '../handle.ts';
import { printable } from '../log/printable.ts';
import type { Body } from '../message.ts';
import { PTYPE } from '../protocol.ts';
import { forgetIn, multicastThreadOf, publishIn } from './multicast-thread.ts';

/** Its name in every node that has one. */
export const MULTICASTD = '.multicastd';
/** The tree of values in which the ones of a network find each other, by the id of the node. */
const DATACENTER = 'DATACENTER';
const PLACE = 'multicast';

/** Ids of channels: the low eight bits are those of the node that has made it, the top bit is not used. */
const FIRST_STEP = 0x100;
const MAX_CHANNEL = 0x7fffffff;

/** A channel that somebody in this node has subscribed to, or that is this node's own. */
interface Channel {
  readonly id: number;
  /** Threads with subscribers. */
  readonly threads: Set<number>;
  /** Nodes with subscribers, and their services like this one; for channels of this node. */
  readonly nodes: Map<number, Handle>;
  /** The owner is being asked for its messages; resolves to whether it knows the channel. For those of others. */
  joining: Promise<boolean> | undefined;
}

/**
 * Channels (book chapter 8): one service for each node, which sees to it that all subscribers get the messages in one order.
 * A message crosses once to each thread and each node that has subscribers.
 */
export const multicastService: ServiceDefinition = defineService(async (skynet) => {
  const multicast = new Multicast(skynet);
  skynet.dispatch('lua', multicast.command);
  skynet.registerProtocol({
    name: 'multicast',
    id: PTYPE.MULTICAST,
    unpack: (body) => [body],
    dispatch: multicast.arrived,
  });
  skynet.register(MULTICASTD);
  // Two have been started at the same moment.
  if (skynet.localName(MULTICASTD) !== skynet.self()) skynet.exit();
  await multicast.ready;
});

class Multicast {
  readonly ready: Promise<void>;
  readonly #skynet: Skynet;
  readonly #kernel: ServiceKernel;
  readonly #harbor: number;
  readonly #channels = new Map<number, Channel>();
  /** Services like this one in other nodes. */
  readonly #peers = new Map<number, Promise<Handle>>();
  #isReady = false;
  #last: number;

  constructor(skynet: Skynet) {
    this.#skynet = skynet;
    this.#kernel = kernelOf(skynet);
    this.#harbor = harborOf(skynet.self());
    this.#last = this.#harbor - FIRST_STEP;
    this.#kernel.thread.onThreadLost((thread) => this.#kernel.enqueue(() => this.#threadLost(thread)));
    skynet.info(() => this.#info());
    this.ready = this.#announce();
  }

  /** Tells the other nodes where to find this one. What an earlier node of this id has said counts no more. */
  async #announce(): Promise<void> {
    if (this.#kernel.thread.hasNetwork)
      await this.#skynet.call(DATACENTER, 'lua', 'UPDATE', PLACE, this.#harbor, this.#skynet.self());
    this.#isReady = true;
  }

  readonly command = async (request: Request, name: string, ...args: never[]): Promise<unknown> => {
    if (!this.#isReady) await this.#skynet.await(this.ready);
    const [id, ...rest] = args as unknown as [number, ...unknown[]];
    switch (name) {
      case 'NEW':
        return this.#create();
      case 'PUB':
        return this.#publish(id, request.source, Object.freeze(rest));
      case 'PUBBYTES':
        return this.#publish(id, request.source, rest[0] as Uint8Array);
      case 'SUB':
        return this.#subscribe(id, rest[0] as number);
      case 'USUB':
        return this.#unsubscribe(id, rest[0] as number);
      case 'DEL':
        return this.#delete(id);
      case 'SUBR': {
        const channel = this.#channels.get(id);
        if (channel === undefined || !this.#isOwn(id)) return true;
        this.#joined(channel, request.source);
        // As the original answers: one nil.
        request.ret(undefined);
        return undefined;
      }
      case 'USUBR':
        this.#channels.get(id)?.nodes.delete(harborOf(request.source));
        return undefined;
      case 'DELR':
        this.#forget(id);
        return undefined;
      default:
        throw new SkynetError('ERR_UNKNOWN_COMMAND', `Unknown command ${printable(name)}`, {
          details: { command: printable(name) },
        });
    }
  };

  /** A message that another node sends: to be published here, or only given to the subscribers of this node. */
  readonly arrived = (request: Request, payload: Body): void => {
    // Its session is the channel, and nobody waits for an answer.
    const { session: id, source } = request;
    request.noReply();
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    if (this.#isOwn(id)) this.#publishOwn(channel, source, payload);
    else this.#publishHere(channel, source, payload);
  };

  #isOwn(id: number): boolean {
    return (id & 0xff) === this.#harbor;
  }

  #create(): number {
    do {
      const next = this.#last + FIRST_STEP;
      this.#last = next > MAX_CHANNEL ? this.#harbor : next;
      // Without a network the harbor is 0, and the first channel too: that is nobody's.
    } while (this.#last === 0 || this.#channels.has(this.#last));
    this.#channelOf(this.#last);
    return this.#last;
  }

  #channelOf(id: number): Channel {
    let channel = this.#channels.get(id);
    if (channel === undefined) {
      channel = { id, threads: new Set(), nodes: new Map(), joining: undefined };
      this.#channels.set(id, channel);
    }
    return channel;
  }

  /** Whether the channel can be another node's. */
  #isForeign(id: number): boolean {
    return !this.#isOwn(id) && this.#kernel.thread.hasNetwork;
  }

  async #publish(id: number, source: Handle, payload: Body): Promise<void> {
    if (this.#isForeign(id)) {
      const peer = await this.#peerOf(id);
      this.#skynet.redirect(peer, source, 'multicast', id, payload);
      return;
    }
    const channel = this.#channels.get(id);
    if (channel !== undefined) this.#publishOwn(channel, source, payload);
  }

  #publishOwn(channel: Channel, source: Handle, payload: Body): void {
    // First: it may be refused.
    const body = channel.nodes.size === 0 ? payload : this.#forNodes(payload);
    for (const peer of channel.nodes.values())
      this.#skynet.redirect(peer, source, 'multicast', channel.id, body);
    this.#publishHere(channel, source, payload);
  }

  /** What goes to other nodes, packed once for all of them where the network wants bytes. */
  #forNodes(payload: Body): Body {
    if (payload instanceof Uint8Array || this.#kernel.thread.networkHasValues) return payload;
    return packSeri(payload as readonly unknown[]);
  }

  #publishHere({ id, threads }: Channel, source: Handle, payload: Body): void {
    const { thread } = this.#kernel;
    for (const other of threads) {
      if (other !== thread.number) publishIn(thread, other, id, source, payload);
      else multicastThreadOf(this.#kernel).publish(id, source, payload);
    }
  }

  /** Whether the channel is unknown. */
  async #subscribe(id: number, thread: number): Promise<boolean> {
    if (!this.#isForeign(id)) {
      const channel = this.#channels.get(id);
      channel?.threads.add(thread);
      return channel === undefined;
    }
    const channel = this.#channelOf(id);
    // From now on: what the owner sends may come before its answer.
    channel.threads.add(thread);
    channel.joining ??= this.#join(id);
    try {
      if (await this.#skynet.await(channel.joining)) return false;
    } catch (error) {
      this.#channels.delete(id);
      throw error;
    }
    this.#channels.delete(id);
    return true;
  }

  /** Has the owner of a channel send its messages here. */
  async #join(id: number): Promise<boolean> {
    const peer = await this.#peerOf(id);
    return (await this.#skynet.call(peer, 'lua', 'SUBR', id)) !== true;
  }

  async #unsubscribe(id: number, thread: number): Promise<void> {
    const channel = this.#channels.get(id);
    if (channel === undefined) return;
    channel.threads.delete(thread);
    if (channel.threads.size > 0 || !this.#isForeign(id)) return;
    this.#channels.delete(id);
    const peer = await this.#peerOf(id);
    // Somebody may have subscribed meanwhile.
    if (!this.#channels.has(id)) this.#skynet.send(peer, 'lua', 'USUBR', id);
  }

  async #delete(id: number): Promise<void> {
    if (this.#isForeign(id)) {
      this.#skynet.send(await this.#peerOf(id), 'lua', 'DEL', id);
      return;
    }
    for (const peer of this.#channels.get(id)?.nodes.values() ?? [])
      this.#skynet.send(peer, 'lua', 'DELR', id);
    this.#forget(id);
  }

  /** A channel is no more. */
  #forget(id: number): void {
    const { thread } = this.#kernel;
    for (const other of this.#channels.get(id)?.threads ?? []) {
      if (other !== thread.number) forgetIn(thread, other, id);
      else multicastThreadOf(this.#kernel).forget(id);
    }
    this.#channels.delete(id);
  }

  /** A node has its first subscriber. It is forgotten when it is lost. */
  #joined(channel: Channel, peer: Handle): void {
    const harbor = harborOf(peer);
    channel.nodes.set(harbor, peer);
    if (!this.#peers.has(harbor)) this.#remember(harbor, peer);
  }

  /** The service like this one in the node that has made a channel. */
  #peerOf(id: number): Promise<Handle> {
    const harbor = id & 0xff;
    const known = this.#peers.get(harbor);
    if (known !== undefined) return this.#skynet.await(known);
    const asked = this.#askForPeer(harbor);
    this.#peers.set(harbor, asked);
    asked.catch(() => this.#peers.delete(harbor));
    return asked;
  }

  async #askForPeer(harbor: number): Promise<Handle> {
    const peer = await this.#skynet.call(DATACENTER, 'lua', 'QUERY', PLACE, harbor);
    if (typeof peer !== 'number')
      throw new SkynetError('ERR_NO_SERVICE', `node ${harbor} has no channels`, { details: { harbor } });
    this.#remember(harbor, peer);
    return peer;
  }

  #remember(harbor: number, peer: Handle): void {
    this.#peers.set(harbor, Promise.resolve(peer));
    this.#kernel.watch(peer, () => this.#peerGone(harbor, peer));
  }

  #peerGone(harbor: number, peer: Handle): void {
    this.#peers.delete(harbor);
    for (const channel of [...this.#channels.values()]) {
      if (channel.nodes.get(harbor) === peer) channel.nodes.delete(harbor);
      if ((channel.id & 0xff) === harbor && !this.#isOwn(channel.id)) this.#forget(channel.id);
    }
  }

  #threadLost(thread: number): void {
    for (const { id, threads } of [...this.#channels.values()])
      if (threads.has(thread)) void this.#unsubscribe(id, thread);
  }

  #info(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.#channels.values()].map(({ id, threads, nodes }) => [
        titleOf(id),
        { threads: [...threads], nodes: [...nodes.keys()] },
      ]),
    );
  }
}

/** A channel as it is printed. */
export function titleOf(channel: number): string {
  return `[Multicast:${channel.toString(16)}]`;
}
