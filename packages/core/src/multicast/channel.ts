import { kernelOf } from '../actor/context.ts';
import { copyArgs } from '../codec/copy.ts';
import { unpackSeri } from '../codec/lua-seri.ts';
import type { Request } from '../contracts/request.ts';
import type { Skynet } from '../contracts/skynet.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import { printable } from '../log/printable.ts';
import { type Body, Message } from '../message.ts';
import { readOptions } from '../options.ts';
import { PTYPE } from '../protocol.ts';
import { type ChannelBody, multicastThreadOf } from '../services/multicast-thread.ts';
import { MULTICASTD, titleOf } from '../services/multicastd.ts';

/** Codes of channels, added to those of the kernel. */
export type MulticastErrorCode =
  /** The channel was deleted through this very object. */
  'ERR_MULTICAST_DELETED';

/** Number of a channel, which remembers for the compiler what is published there. It can be sent to anybody. */
export type ChannelId<Values extends readonly unknown[] = unknown[]> = number & {
  readonly __values?: Values;
};

/** What is given to a channel when it is made or bound. */
export interface ChannelOptions<Values extends readonly unknown[]> {
  /** Gets every message, once subscribed: the channel, who has published it, the values. Each in a task of its own. */
  dispatch?: (channel: Channel<Values>, source: Handle, ...values: Values) => unknown;
  /** Makes bytes of what is published, in place of values. */
  pack?: (...values: Values) => Uint8Array;
  /** The values of such bytes. Default: those of lua-seri. */
  unpack?: (bytes: Uint8Array) => Values;
}

/** A channel, as one service deals with it (book §8.1). Prints as `[Multicast:1]`. */
export interface Channel<Values extends readonly unknown[] = unknown[]> {
  /** Its number: who is told that can bind it. */
  readonly channel: ChannelId<Values>;
  /**
   * Publishes values to all subscribers; resolves when they stand in the mailboxes of those of this node. A channel that is
   * no more has none.
   * @throws ERR_UNSERIALIZABLE, ERR_MULTICAST_DELETED, ERR_NODE_LOST.
   */
  publish(...values: Values): Promise<void>;
  /** Receives from now on. Again, it does nothing. Of several objects of one service the last one receives. */
  subscribe(): Promise<void>;
  /** Receives no more, not even what has come already. */
  unsubscribe(): void;
  /** Gives the channel back: nobody receives any more. Again, it does nothing. */
  delete(): void;
  /** `[Multicast:100]`, the number in hexadecimal digits. */
  toString(): string;
}

/** Channels, for one service. */
export interface Multicast {
  /** A new channel. */
  new: <Values extends readonly unknown[] = unknown[]>(
    options?: ChannelOptions<Values>,
  ) => Promise<Channel<Values>>;
  /** A channel that exists, of this node or another. Whether it does shows when it is used: one that is no more is silent. */
  bind<Values extends readonly unknown[] = unknown[]>(
    channel: ChannelId<Values>,
    options?: ChannelOptions<NoInfer<Values>>,
  ): Channel<Values>;
}

/** By service and number of the channel: the object that receives. */
const services = new WeakMap<Skynet, Map<number, BoundChannel>>();

/** Channels that services publish to and subscribe to (the original's `skynet.multicast`, book chapter 8). */
export function createMulticast(skynet: Skynet): Multicast {
  kernelOf(skynet);
  return {
    async new(options) {
      const service = await serviceOf(skynet);
      const channel = await skynet.call<number>(service, 'lua', 'NEW');
      return bind(skynet, channel, options ?? {});
    },
    bind: (channel, options = {}) => bind(skynet, channel, options),
  };
}

function bind<Values extends readonly unknown[]>(
  skynet: Skynet,
  channel: number,
  options: ChannelOptions<Values>,
): Channel<Values> {
  if (!Number.isInteger(channel) || channel < 1 || channel > 0xffffffff)
    throw new SkynetError('ERR_ARGUMENT', `not the number of a channel: ${printable(channel)}`);
  readOptions('channel option', options, (given) => {
    for (const name of ['dispatch', 'pack', 'unpack'] as const) given.callable(name, false);
  });
  const bound = new BoundChannel(skynet, channel, options as unknown as ChannelOptions<unknown[]>);
  return bound as unknown as Channel<Values>;
}

/** The node's service of channels, started by whoever needs it first. */
async function serviceOf(skynet: Skynet): Promise<Handle> {
  const known = skynet.localName(MULTICASTD);
  if (known !== undefined) return known;
  try {
    // By the launcher: it belongs to the node, and to the thread that is never lost.
    await skynet.call('.launcher', 'lua', 'LAUNCH', 'snlua', 'multicastd');
  } catch (error) {
    // Somebody else was quicker.
    if (!isSkynetError(error, 'ERR_SERVICE_EXITED')) throw error;
  }
  return skynet.localName(MULTICASTD) as Handle;
}

class BoundChannel {
  readonly channel: number;
  readonly #skynet: Skynet;
  readonly #options: ChannelOptions<unknown[]>;
  #isSubscribed = false;
  #isDeleted = false;

  constructor(skynet: Skynet, channel: number, options: ChannelOptions<unknown[]>) {
    this.channel = channel;
    this.#skynet = skynet;
    this.#options = options;
  }

  toString(): string {
    return titleOf(this.channel);
  }

  async publish(...values: unknown[]): Promise<void> {
    this.#mustExist();
    const { pack } = this.#options;
    const service = await serviceOf(this.#skynet);
    if (pack === undefined) await this.#skynet.call(service, 'lua', 'PUB', this.channel, ...values);
    else await this.#skynet.call(service, 'lua', 'PUBBYTES', this.channel, pack(...values));
  }

  async subscribe(): Promise<void> {
    this.#mustExist();
    if (this.#isSubscribed) return;
    const skynet = this.#skynet;
    const kernel = kernelOf(skynet);
    const service = await serviceOf(skynet);
    this.#isSubscribed = true;
    receiversOf(skynet).set(this.channel, this);
    const thread = multicastThreadOf(kernel);
    thread.subscribe(this.channel, skynet.self());
    let isUnknown = true;
    try {
      isUnknown = await skynet.call<boolean>(service, 'lua', 'SUB', this.channel, kernel.thread.number);
    } finally {
      if (isUnknown) thread.unsubscribe(this.channel, skynet.self());
    }
  }

  unsubscribe(): void {
    if (!this.#isSubscribed) return;
    this.#isSubscribed = false;
    const receivers = receiversOf(this.#skynet);
    // Another object of the service has taken over.
    if (receivers.get(this.channel) !== this) return;
    receivers.delete(this.channel);
    leave(this.#skynet, this.channel);
  }

  delete(): void {
    if (this.#isDeleted) return;
    this.#isDeleted = true;
    this.#isSubscribed = false;
    const receivers = receiversOf(this.#skynet);
    if (receivers.get(this.channel) === this) receivers.delete(this.channel);
    const service = this.#skynet.localName(MULTICASTD);
    if (service !== undefined) this.#skynet.send(service, 'lua', 'DEL', this.channel);
  }

  #mustExist(): void {
    if (this.#isDeleted)
      throw new SkynetError<MulticastErrorCode>(
        'ERR_MULTICAST_DELETED',
        `${this.toString()} was deleted by this service`,
        { details: { channel: this.channel } },
      );
  }

  receive(source: Handle, payload: Body): unknown {
    const { dispatch, unpack } = this.#options;
    if (dispatch === undefined) return undefined;
    // Values are shared by all who get them until here.
    const values =
      payload instanceof Uint8Array ? (unpack ?? unpackSeri)(payload) : (copyArgs([...payload]) as unknown[]);
    return dispatch(this as unknown as Channel<unknown[]>, source, ...values);
  }
}

/** Ends the subscription of a service, which may have ended itself. */
function leave(skynet: Skynet, channel: number): void {
  const kernel = kernelOf(skynet);
  const { thread } = kernel;
  if (!multicastThreadOf(kernel).unsubscribe(channel, skynet.self())) return;
  const service = skynet.localName(MULTICASTD);
  if (service === undefined) return;
  thread.deliver(service, new Message(PTYPE.LUA, 0, skynet.self(), ['USUB', channel, thread.number]));
}

/** Who receives in a service. It gets messages of channels from the first subscription on. */
function receiversOf(skynet: Skynet): Map<number, BoundChannel> {
  const known = services.get(skynet);
  if (known !== undefined) return known;
  const receivers = new Map<number, BoundChannel>();
  services.set(skynet, receivers);
  skynet.registerProtocol({
    name: 'multicast',
    id: PTYPE.MULTICAST,
    unpack: (body) => [body],
    // What was sent before the subscription ended comes to nobody.
    dispatch: (request: Request, [channel, payload]: ChannelBody) =>
      receivers.get(channel)?.receive(request.source, payload),
  });
  skynet.own(() => {
    for (const channel of receivers.keys()) leave(skynet, channel);
  });
  return receivers;
}
