import {
  type EndReason,
  formatHandle,
  type Handle,
  harborOf,
  isRequestType,
  PTYPE,
  printable,
  SkynetError,
} from '@skynet/core';
import {
  goneFailure,
  limitedLike,
  Message,
  type NetworkPlace,
  type ServiceKernel,
} from '@skynet/core/kernel';
import type { ConnectionStat } from '@skynet/core/transport';
import { OpenRequests } from '../harbor/open-requests.ts';
import { Channel, type ChannelLimits } from './channel.ts';
import { meshError } from './errors.ts';
import type { Link, LinkTransport } from './link.ts';
import { isSameNode, type MeshNode } from './node.ts';

/** What is known of the way to another node. */
export type WayState =
  /** It is not known yet, or being connected to for the first time: messages wait. */
  | 'waiting'
  /** Messages go there. */
  | 'ready'
  /** It is not in the mesh, or its link is lost: calls fail. It is tried again as long as it is in the mesh. */
  | 'down';

interface Way {
  readonly id: number;
  node: MeshNode | undefined;
  state: WayState;
  since: number;
  channel: Channel | undefined;
  /** Links that may become the channel. */
  readonly candidates: Set<Channel>;
  /** Messages that wait for the first link. */
  queue: { readonly to: Handle; readonly message: Message }[];
  waitTimer: NodeJS.Timeout | undefined;
  dropped: number;
  /** Requests that came when nobody waited for the answer any more. */
  late: number;
  /** Services there that are watched here. */
  readonly watched: Set<Handle>;
  isDialling: boolean;
}

/** Who hears of what becomes of the ways. */
export interface WaysOwner {
  log(text: string): void;
  /** A way is ready now, or down. */
  changed(id: number, state: WayState): void;
  /** The link to a node of the mesh was lost. */
  lost(node: MeshNode, reason: SkynetError): void;
}

/** What a way tells of itself. */
export interface WayInfo {
  readonly id: number;
  readonly state: WayState;
  /** When it got into this state, in milliseconds of the wall clock. */
  readonly since: number;
  readonly address: string;
  /** Messages received and sent over the link there is now. */
  readonly received: number;
  readonly sent: number;
  /** Bytes that wait for the node. */
  readonly waiting: number;
  /** Calls of the node that came after their deadline, and were not begun. */
  readonly late: number;
}

/** Milliseconds that messages wait for a node that is not known, or not connected to yet. */
const WAIT_TIME = 4000;
/** Messages that may wait for such a node. */
const MAX_QUEUED = 10_000;
/** How long the node with the lower id leaves it to the other to open the link. */
const LOWER_WAITS = '1s';
const FIRST_PAUSE = 10;
const MAX_PAUSE = 100;

/**
 * The ways to the other nodes of a mesh: at most one link to each, by which node it goes to, what waits for it, and who is
 * told when it is lost. Of two links that are opened at the same time the node with the higher id takes one; both use that.
 */
export class Ways {
  readonly #self: MeshNode;
  readonly #kernel: ServiceKernel;
  readonly #place: NetworkPlace;
  readonly #transport: LinkTransport;
  readonly #limits: ChannelLimits;
  readonly #owner: WaysOwner;
  readonly #ways = new Map<number, Way>();
  /** Links of nodes that the directory has not told of yet. */
  readonly #strangers = new Set<Link>();
  readonly #open = new OpenRequests();
  /** Services of this node that other nodes watch: which, and how it is stopped. */
  readonly #watchers = new Map<string, () => void>();
  #isOver = false;

  constructor(
    self: MeshNode,
    kernel: ServiceKernel,
    place: NetworkPlace,
    transport: LinkTransport,
    limits: ChannelLimits,
    owner: WaysOwner,
  ) {
    this.#self = self;
    this.#kernel = kernel;
    this.#place = place;
    this.#transport = transport;
    this.#limits = limits;
    this.#owner = owner;
  }

  stateOf(id: number): WayState | undefined {
    return this.#ways.get(id)?.state;
  }

  info(): WayInfo[] {
    return [...this.#ways.values()]
      .sort((a, b) => a.id - b.id)
      .map(({ id, state, since, node, channel, late }) => ({
        id,
        state,
        since,
        address: node?.address ?? '',
        received: channel?.received ?? 0,
        sent: channel?.sent ?? 0,
        waiting: channel?.waitingBytes ?? 0,
        late,
      }));
  }

  sockets(): ConnectionStat[] {
    return [...this.#ways.values()].flatMap(({ channel }) => (channel?.isOpen ? [channel.link.stat()] : []));
  }

  // --- nodes come and go

  /** A node is in the mesh. */
  joined(node: MeshNode): void {
    const way = this.#wayTo(node.id);
    if (way.node !== undefined && !isSameNode(way.node, node)) this.left(way.node);
    way.node = node;
    if (way.state === 'down') this.#wait(way);
    for (const link of this.#strangers) {
      if (!isSameNode(link.peer, node)) continue;
      this.#strangers.delete(link);
      this.#candidate(way, link);
    }
    this.#dialLater(way, node);
  }

  /** A node is gone for good. */
  left(node: MeshNode): void {
    const way = this.#ways.get(node.id);
    if (way?.node === undefined || !isSameNode(way.node, node)) return;
    way.node = undefined;
    this.#down(way, meshError('ERR_LINK_CLOSED', `node ${node.id} is not in the mesh any more`));
  }

  #wayTo(id: number): Way {
    const known = this.#ways.get(id);
    if (known !== undefined) return known;
    const way: Way = {
      id,
      node: undefined,
      state: 'waiting',
      since: Date.now(),
      channel: undefined,
      candidates: new Set(),
      queue: [],
      waitTimer: undefined,
      dropped: 0,
      late: 0,
      watched: new Set(),
      isDialling: false,
    };
    this.#ways.set(id, way);
    this.#wait(way);
    return way;
  }

  #wait(way: Way): void {
    this.#become(way, 'waiting');
    clearTimeout(way.waitTimer);
    way.waitTimer = setTimeout(() => {
      if (way.state === 'waiting') this.#down(way, meshError('ERR_TIMEOUT', `node ${way.id} is not reached`));
    }, WAIT_TIME);
    way.waitTimer.unref();
  }

  #become(way: Way, state: WayState): void {
    if (way.state === state && state !== 'waiting') return;
    way.state = state;
    way.since = Date.now();
    this.#owner.changed(way.id, state);
  }

  /** Opens a link, again and again as long as the node is in the mesh and there is none. */
  #dialLater(way: Way, node: MeshNode): void {
    if (way.isDialling || node.address === '' || this.#isOver) return;
    way.isDialling = true;
    this.#kernel.enqueue(async () => {
      const { skynet } = this.#kernel;
      try {
        if (node.id > this.#self.id) await skynet.sleep(LOWER_WAITS);
        for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, MAX_PAUSE)) {
          const isWanted = (): boolean => !this.#isOver && way.node === node && way.state !== 'ready';
          if (!isWanted()) return;
          if (way.candidates.size === 0) await this.#dial(way, node);
          if (!isWanted()) return;
          await skynet.sleep(pause);
        }
      } finally {
        way.isDialling = false;
        if (way.node !== undefined && way.node !== node) this.#dialLater(way, way.node);
      }
    });
  }

  async #dial(way: Way, node: MeshNode): Promise<void> {
    try {
      const link = await this.#transport.dial(node.address, 'data', node);
      if (way.node === node && !this.#isOver) this.#candidate(way, link);
      else link.close(meshError('ERR_LINK_CLOSED', 'it is not needed any more'));
    } catch (error) {
      if (way.node === node && error instanceof SkynetError) this.#owner.lost(node, error);
    }
  }

  /** A link that another node has opened. */
  accept(link: Link): void {
    const way = this.#ways.get(link.peer.id);
    if (way?.node !== undefined && isSameNode(way.node, link.peer)) this.#candidate(way, link);
    else this.#keepStranger(link);
  }

  /** The directory will tell of it soon, or never. */
  #keepStranger(link: Link): void {
    this.#strangers.add(link);
    setTimeout(() => {
      if (this.#strangers.delete(link))
        link.close(meshError('ERR_LINK_CLOSED', `node ${link.peer.id} is not in the mesh`));
    }, WAIT_TIME).unref();
  }

  /** A link may become the channel: the node with the higher id says so. */
  #candidate(way: Way, link: Link): void {
    const decidesHere = this.#self.id > way.id;
    if (way.channel !== undefined && decidesHere) {
      link.close(meshError('ERR_LINK_CLOSED', 'there is a link already'));
      return;
    }
    const channel: Channel = new Channel(link, this.#limits, {
      opened: () => this.#ready(way, channel),
      message: (to, message, left) => this.#take(way, to, message, left),
      cancel: (to, source, session) => {
        if (harborOf(to) === this.#self.id) this.#place.cancelled(to, source, session);
      },
      watch: (handle) => this.#watchFor(way, channel, handle),
      gone: (handle, reason) => this.#gone(way, handle, reason),
      closed: (_, reason) => {
        way.candidates.delete(channel);
        if (way.channel === channel) this.#down(way, reason);
      },
    });
    way.candidates.add(channel);
    if (!decidesHere) return;
    way.channel = channel;
    channel.open();
  }

  #ready(way: Way, channel: Channel): void {
    if (way.channel !== undefined && way.channel !== channel) {
      // The other side has lost that one and this node has not heard of it yet.
      this.#down(way, meshError('ERR_LINK_CLOSED', `node ${way.id} has opened another link`));
    }
    way.channel = channel;
    way.candidates.delete(channel);
    for (const other of way.candidates) other.close(meshError('ERR_LINK_CLOSED', 'there is a link already'));
    way.candidates.clear();
    clearTimeout(way.waitTimer);
    way.dropped = 0;
    this.#become(way, 'ready');
    for (const handle of way.watched) channel.watch(handle);
    const { queue } = way;
    way.queue = [];
    for (const { to, message } of queue) this.deliver(to, message);
  }

  #down(way: Way, reason: SkynetError): void {
    const { channel, queue, node } = way;
    way.channel = undefined;
    clearTimeout(way.waitTimer);
    channel?.close(reason);
    if (way.state !== 'down') {
      this.#become(way, 'down');
      if (!this.#isOver)
        this.#owner.log(`node ${way.id} is lost: ${printable(reason.message)} (${reason.code})`);
      this.#open.nodeLost(way.id);
      this.#forgetWatchers(way.id);
      way.queue = [];
      for (const { to, message } of queue) this.#drop(way, to, message);
      for (const handle of way.watched) {
        way.watched.delete(handle);
        this.#place.gone(handle, 'node-lost');
      }
      this.#place.lost(way.id);
    }
    if (node === undefined || this.#isOver) return;
    if (channel !== undefined) this.#owner.lost(node, reason);
    this.#dialLater(way, node);
  }

  // --- messages out

  /** As {@link Remote.deliver}. */
  deliver(to: Handle, message: Message): boolean {
    const way = this.#wayTo(harborOf(to));
    if (message.type === PTYPE.RESPONSE || message.type === PTYPE.ERROR)
      this.#open.delete(to, message.session);
    if (way.state === 'ready') {
      try {
        const left = message.deadline === 0 ? Number.POSITIVE_INFINITY : this.#place.leftFor(message);
        if (left <= 0) throw tooLate(to);
        (way.channel as Channel).send(to, message, left);
        return true;
      } catch (error) {
        return this.#refused(to, message, error as SkynetError);
      }
    }
    if (way.state === 'waiting' && way.queue.length < MAX_QUEUED) {
      way.queue.push({ to, message: ownCopy(message) });
      return true;
    }
    return this.#drop(way, to, message);
  }

  /** As {@link Remote.cancel}. */
  cancel(to: Handle, source: Handle, session: number): void {
    const way = this.#ways.get(harborOf(to));
    if (way?.state === 'ready') way.channel?.cancel(to, source, session);
    else if (way?.state === 'waiting')
      way.queue = way.queue.filter(
        ({ to: other, message }) =>
          other !== to ||
          message.source !== source ||
          message.session !== session ||
          !isRequestType(message.type),
      );
  }

  /** It cannot be sent: whoever waits for it, or for its answer, is told. */
  #refused(to: Handle, message: Message, error: SkynetError): boolean {
    const { type, session, source } = message;
    if (session !== 0 && isRequestType(type)) {
      this.#place.deliver(source, new Message(PTYPE.ERROR, session, to, error));
      return true;
    }
    if (type === PTYPE.RESPONSE) {
      this.#owner.log(
        `the answer of ${formatHandle(source)} to ${formatHandle(to)} cannot be sent: ${printable(error.message)}`,
      );
      if (error.code !== 'ERR_OVERLOADED')
        return this.deliver(to, new Message(PTYPE.ERROR, session, source, error));
    } else if (type !== PTYPE.ERROR)
      this.#countDropped(this.#wayTo(harborOf(to)), to, message, error.message);
    return false;
  }

  #drop(way: Way, to: Handle, message: Message): boolean {
    const { type, session, source } = message;
    // Nobody waits for an answer any more.
    if (type === PTYPE.RESPONSE || type === PTYPE.ERROR) return false;
    const why = way.state === 'down' ? 'is lost' : 'is not connected yet, and too much waits for it';
    this.#countDropped(way, to, message, `node ${way.id} ${why}`);
    if (session === 0 || !isRequestType(type)) return false;
    this.#place.deliver(source, new Message(PTYPE.ERROR, session, to, nodeLost(way.id, to, why)));
    return true;
  }

  /** A flood to a lost node is not to flood the log as well. */
  #countDropped(way: Way, to: Handle, { source, session }: Message, why: string): void {
    if (Number.isInteger(Math.log2(++way.dropped)))
      this.#owner.log(
        `Drop message to node ${way.id} from ${formatHandle(source)} to ${formatHandle(to)} (session = ${session}, ${way.dropped} so far): ${printable(why)}`,
      );
  }

  // --- messages in

  #take(way: Way, to: Handle, message: Message, left: number): void {
    const { type, session, source } = message;
    if (harborOf(to) !== this.#self.id)
      throw meshError('ERR_LINK_PROTOCOL', `a message to ${formatHandle(to)}`);
    const isCall = session !== 0 && isRequestType(type);
    if (left <= 0 && isCall) {
      way.late++;
      this.deliver(source, new Message(PTYPE.ERROR, session, to, tooLate(to)));
      return;
    }
    const thread = isCall ? this.#place.threadOf(to) : 0;
    if (thread > 0) this.#open.add({ source, session, to, thread });
    if (this.#place.deliver(to, Number.isFinite(left) ? this.#place.limited(message, left) : message)) return;
    if (isCall) this.deliver(source, new Message(PTYPE.ERROR, session, to, goneFailure(to)));
  }

  /** A thread of this node is lost, with the services that worked on requests of other nodes. */
  threadLost(thread: number): void {
    for (const { source, session, to } of this.#open.threadLost(thread))
      this.deliver(source, new Message(PTYPE.ERROR, session, to, goneFailure(to)));
  }

  // --- watching

  /** Tells of the end of a service of another node. */
  watch(handle: Handle): void {
    const way = this.#wayTo(harborOf(handle));
    if (way.state === 'down') {
      this.#place.gone(handle, 'node-lost');
      return;
    }
    if (way.watched.has(handle)) return;
    way.watched.add(handle);
    if (way.state === 'ready') way.channel?.watch(handle);
  }

  #gone(way: Way, handle: Handle, reason: EndReason): void {
    if (way.watched.delete(handle)) this.#place.gone(handle, reason);
  }

  #watchFor(way: Way, channel: Channel, handle: Handle): void {
    const key = `${way.id} ${handle}`;
    if (this.#watchers.has(key)) return;
    this.#watchers.set(key, () => {});
    this.#kernel.enqueue(() => {
      if (!this.#watchers.has(key)) return;
      const stop = this.#kernel.watch(handle, ({ reason }) => {
        this.#watchers.delete(key);
        if (channel.isOpen) channel.gone(handle, reason);
      });
      if (this.#watchers.has(key)) this.#watchers.set(key, stop);
    });
  }

  #forgetWatchers(id: number): void {
    for (const [key, stop] of [...this.#watchers]) {
      if (!key.startsWith(`${id} `)) continue;
      this.#watchers.delete(key);
      stop();
    }
  }

  /** Ends all links; what was written is sent. */
  close(): void {
    this.#isOver = true;
    const reason = meshError('ERR_LINK_CLOSED', `node ${this.#self.id} goes`);
    for (const link of this.#strangers) link.close(reason);
    for (const way of this.#ways.values()) {
      for (const candidate of way.candidates) candidate.close(reason);
      this.#down(way, reason);
    }
  }
}

/** Whoever sent bytes may use their memory for something else by then. */
function ownCopy(message: Message): Message {
  const { type, session, source, body } = message;
  if (!(body instanceof Uint8Array)) return message;
  const own = Buffer.isBuffer(body) ? Buffer.from(body) : body.slice();
  return limitedLike(message, type, session, source, own);
}

/** What a call is answered with that nobody waits for any more. */
function tooLate(service: Handle): SkynetError {
  return new SkynetError('ERR_TIMEOUT', `call failed: it was too late for ${formatHandle(service)}`, {
    details: { service: formatHandle(service) },
  });
}

/** What a call gets that cannot reach its node. */
function nodeLost(harbor: number, service: Handle, why: string): SkynetError {
  return new SkynetError('ERR_NODE_LOST', `call failed: node ${harbor} ${why}`, {
    details: { harbor, service: formatHandle(service) },
  });
}
