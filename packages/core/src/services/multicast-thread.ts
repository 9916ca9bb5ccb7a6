import type { ServiceKernel, ThreadKernel } from '../contracts/kernel.ts';
import type { Handle } from '../handle.ts';
import { type Body, Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';

/** Key of what the service of channels tells the threads. */
const KEY = '@skynet/core/multicast';
const TABLE = Symbol(KEY);

/** A message of a channel, as it reaches subscribers: the channel, and a body that all of them share. */
export type ChannelBody = readonly [channel: number, payload: Body];

/** Who has subscribed to what in one thread: a message comes once for all of them. */
export class MulticastThread {
  readonly #thread: ThreadKernel;
  readonly #channels = new Map<number, Set<Handle>>();

  constructor(thread: ThreadKernel) {
    this.#thread = thread;
    thread.onPost(KEY, ([channel, source, payload]) => {
      if (source === undefined) this.forget(channel as number);
      else this.publish(channel as number, source as Handle, payload as Body);
    });
  }

  subscribe(channel: number, service: Handle): void {
    const subscribers = this.#channels.get(channel);
    if (subscribers === undefined) this.#channels.set(channel, new Set([service]));
    else subscribers.add(service);
  }

  /** Whether that was the last one of the thread. */
  unsubscribe(channel: number, service: Handle): boolean {
    const subscribers = this.#channels.get(channel);
    if (subscribers === undefined || !subscribers.delete(service) || subscribers.size > 0) return false;
    this.#channels.delete(channel);
    return true;
  }

  /** The channel is no more. */
  forget(channel: number): void {
    this.#channels.delete(channel);
  }

  /** Puts a message in the mailboxes of all subscribers of the thread. Nobody may change the payload any more. */
  publish(channel: number, source: Handle, payload: Body): void {
    const body: ChannelBody = [channel, payload];
    for (const subscriber of this.#channels.get(channel) ?? [])
      this.#thread.deliver(subscriber, new Message(PTYPE.MULTICAST, 0, source, body));
  }
}

/** The subscribers of the thread that a service lives in. */
export function multicastThreadOf({ thread }: ServiceKernel): MulticastThread {
  return thread.local(TABLE, (kernel) => new MulticastThread(kernel));
}

/** Has another thread publish a message to its subscribers. */
export function publishIn(
  thread: ThreadKernel,
  to: number,
  channel: number,
  source: Handle,
  payload: Body,
): void {
  thread.post(to, KEY, [channel, source, payload]);
}

/** Has another thread forget a channel. */
export function forgetIn(thread: ThreadKernel, to: number, channel: number): void {
  thread.post(to, KEY, [channel]);
}
