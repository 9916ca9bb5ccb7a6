import { failedWait, goneFailure, nodeLostFailure } from '../actor/failure.ts';
import { copyArgs } from '../codec/copy.ts';
import type { SkynetError } from '../errors.ts';
import { formatHandle, formatShort, type Handle, harborOf, localOf, makeHandle } from '../handle.ts';
import { Message } from '../message.ts';
import { isRequestType, PTYPE } from '../protocol.ts';
import { Guest } from './guest.ts';
import type { RemoteRoute } from './remote-route.ts';
import { type Numbered, ServiceTable } from './service-table.ts';

/** A call that waits for its answer. */
export interface Waiting {
  readonly session: number;
  /** Whose answer it waits for. */
  dest: Handle;
}

/** A service, as what goes to it is concerned. */
export interface Routed extends Numbered {
  readonly handle: Handle;
  /** Its calls that have no answer yet. */
  readonly sessions: { get(session: number): Waiting | undefined; all(): readonly Waiting[] };
  /** Whether it got in. */
  push(message: Message): boolean;
  /** Whoever made a request does not wait for its answer any more. */
  cancelRequest(source: Handle, session: number): void;
  /** Ends it in the name of somebody else. */
  kill(): void;
}

/** Which thread has which number, in a node with several. */
interface Routes {
  /** Below 0 if nobody has it. */
  threadOf(local: number): number;
  /** Takes a number for a thread; one that it still uses is no free one. */
  allocate(isFree: (local: number) => boolean, thread: number): number;
  /** Nobody has the number any more, though the thread keeps it. */
  end(local: number): void;
  release(local: number): void;
  /** A number goes over from one thread to another. */
  move(local: number, from: number, to: number): void;
}

/** Thread that holds the network. */
export const NETWORK_THREAD = 0;

/** What a router needs of the thread it works in. */
export interface RouterPlace {
  readonly thread: number;
  readonly harbor: number;
  /** Undefined in a node with one thread. */
  readonly routes: Routes | undefined;
  /** Hands a message to another thread. */
  post(thread: number, to: Handle, message: Message): void;
  /** The same for a message that is only about to be made, of values. */
  postValues(
    thread: number,
    to: Handle,
    type: number,
    session: number,
    source: Handle,
    values: readonly unknown[],
  ): void;
  /** The same for a message of another thread, whose receiver has moved on; it is never refused. */
  passOn(thread: number, to: Handle, message: Message): void;
  /** Has another thread kill one of its services; it calls {@link Router.killHere}. */
  killIn(thread: number, handle: Handle, by: Handle): void;
  /** The same for {@link Router.cancelRequest}. */
  cancelIn(thread: number, to: Handle, source: Handle, session: number): void;
  /** A log line of the kernel's own words. */
  log(source: Handle, text: string): void;
}

/**
 * Knows where each service lives and brings messages there: to a mailbox of this thread, to another thread, or to the
 * network, if the harbor in the handle is that of another node.
 */
export class Router<Service extends Routed> {
  readonly harbor: number;
  readonly #thread: number;
  readonly #routes: Routes | undefined;
  readonly #table = new ServiceTable<Service>();
  /** Services that come from other threads, or have come and found their place in the table taken, by number. */
  readonly #guests = new Map<number, Guest<Service>>();
  readonly #place: RouterPlace;
  /** The way to other nodes. */
  readonly remote: RemoteRoute;

  constructor(place: RouterPlace, remote: RemoteRoute) {
    this.harbor = place.harbor;
    this.#thread = place.thread;
    this.#routes = place.routes;
    this.#place = place;
    this.remote = remote;
  }

  // --- who is where

  /** The number of the next service, which {@link put} has to follow at once. @throws ERR_HANDLES_EXHAUSTED. */
  newNumber(): number {
    return this.#routes?.allocate(this.#isFree, this.#thread) ?? this.#table.newNumber();
  }

  /** Gives a service its place. */
  put(service: Service): void {
    if (this.#routes === undefined) this.#table.put(service);
    else this.#table.putSparsely(service);
  }

  readonly #isFree = (local: number): boolean => this.#table.isFree(local);

  /** A service of this thread has ended: nothing goes to it any more. */
  remove(handle: Handle): void {
    const local = localOf(handle);
    this.#table.remove(local);
    this.#routes?.end(local);
    const guest = this.#guests.get(local);
    this.#guests.delete(local);
    // What waited for its turn finds nobody.
    guest?.open();
  }

  /**
   * Gives back the number of a service that has ended. Until then whoever waits for it is told if its thread is lost, so
   * its callers come first.
   */
  release(handle: Handle): void {
    this.#routes?.release(localOf(handle));
  }

  /** How many services this thread has. */
  get size(): number {
    let size = this.#table.size;
    for (const { hasArrived } of this.#guests.values()) if (hasArrived) size++;
    return size;
  }

  /** Services of this thread, lowest handle first. */
  services(): Service[] {
    const services = this.#table.all();
    if (this.#guests.size === 0) return services;
    for (const { hasArrived, service } of this.#guests.values()) if (hasArrived) services.push(service);
    return services.sort((a, b) => a.local - b.local);
  }

  /** A service of this thread. */
  find(handle: Handle): Service | undefined {
    if (!this.isOwn(handle)) return undefined;
    const local = localOf(handle);
    const service = this.#table.get(local);
    if (service !== undefined || this.#guests.size === 0) return service;
    const guest = this.#guests.get(local);
    return guest?.hasArrived ? guest.service : undefined;
  }

  /** Whether a handle is one of this node. */
  isOwn(handle: Handle): boolean {
    return harborOf(handle) === this.harbor;
  }

  /** Whether a service lives in another node, if anywhere. */
  isRemote(handle: Handle): boolean {
    const harbor = harborOf(handle);
    return harbor !== this.harbor && harbor !== 0;
  }

  /** Thread of a service, -1 if it does not live in this node. */
  threadOf(handle: Handle): number {
    if (!this.isOwn(handle)) return -1;
    if (this.#routes !== undefined) return this.#routes.threadOf(localOf(handle));
    return this.find(handle) === undefined ? -1 : this.#thread;
  }

  /** Thread where the end of a service is heard of: its own, or that of the network; -1 if it does not live. */
  placeOf(handle: Handle): number {
    if (!this.isRemote(handle)) return this.threadOf(handle);
    return this.remote.isReachable(handle) ? NETWORK_THREAD : -1;
  }

  /** Whether a service lives, in whichever thread or node. */
  isAlive(handle: Handle): boolean {
    return this.placeOf(handle) >= 0;
  }

  // --- services that change their thread

  /** An instance of a service that is still another thread's: what it asks is answered here already. */
  expect(service: Service, from: number, threads: readonly number[]): Guest<Service> {
    const guest = new Guest(service, from, threads);
    this.#guests.set(service.local, guest);
    return guest;
  }

  /** A service that comes, or has come, from another thread. */
  guest(handle: Handle): Guest<Service> | undefined {
    return this.isOwn(handle) ? this.#guests.get(localOf(handle)) : undefined;
  }

  /** Those that come from there, or from anywhere. */
  guests(from?: number): Guest<Service>[] {
    return [...this.#guests.values()].filter((guest) => from === undefined || guest.from === from);
  }

  /** It does not come after all. */
  dismiss(handle: Handle): void {
    this.#guests.delete(localOf(handle));
  }

  /** Everything of a thread has come that might be overtaken; once that is so of all, a guest gets its place. */
  heardOut(handle: Handle, thread: number): void {
    const local = localOf(handle);
    const guest = this.#guests.get(local);
    guest?.heardOut(thread);
    if (!guest?.isSettled || this.#guests.get(local) !== guest || !this.#table.isFree(local)) return;
    this.#guests.delete(local);
    this.#table.put(guest.service);
  }

  /** A service goes on in another thread: what comes for it is passed on from now on. */
  leave(handle: Handle, thread: number): void {
    this.#table.remove(localOf(handle));
    this.#guests.delete(localOf(handle));
    this.#routes?.move(localOf(handle), this.#thread, thread);
  }

  /** Does what a thread has ordered for a service, not before what it had sent to the service's old place. */
  inOrder(handle: Handle, from: number, work: () => void): void {
    const guest = this.guest(handle);
    if (guest === undefined) work();
    else guest.take(from, work);
  }

  // --- messages

  /** Hands a message to its receiver, wherever that is. False if there is no such service, or it refuses a send. */
  deliver(to: Handle, message: Message): boolean {
    if (this.isRemote(to)) return this.remote.deliver(to, message);
    const local = localOf(to);
    const service = this.#table.get(local);
    if (service !== undefined) return service.push(message);
    const thread = this.#routes?.threadOf(local) ?? -1;
    if (thread < 0) return false;
    if (thread !== this.#thread) {
      this.#place.post(thread, to, message);
      return true;
    }
    const guest = this.#guests.get(local);
    guest?.take(thread, () => this.arrived(to, message, guest.from));
    return guest !== undefined;
  }

  /** {@link deliver} for values that are the caller's own list: copied first, unless another thread gets them encoded. */
  deliverValues(to: Handle, type: number, session: number, source: Handle, values: unknown[]): boolean {
    const service = this.#table.get(localOf(to));
    return service !== undefined && service.handle === to
      ? service.push(new Message(type, session, source, copyArgs(values)))
      : this.#deliverValuesAway(to, type, session, source, values);
  }

  /** Where it cannot be told at a glance that the receiver is here. */
  #deliverValuesAway(to: Handle, type: number, session: number, source: Handle, values: unknown[]): boolean {
    if (!this.isRemote(to)) {
      const local = localOf(to);
      const service = this.#table.get(local);
      if (service !== undefined) return service.push(new Message(type, session, source, copyArgs(values)));
      const thread = this.#routes?.threadOf(local) ?? -1;
      if (thread >= 0 && thread !== this.#thread) {
        this.#place.postValues(thread, to, type, session, source, values);
        return true;
      }
    }
    return this.deliver(to, new Message(type, session, source, copyArgs(values)));
  }

  /**
   * Sends to a global name that nobody here is known to have, if there is a network: the handle that stands for its owner.
   * @throws ERR_UNSERIALIZABLE, ERR_FRAME_TOO_LARGE.
   */
  deliverToName(name: string, message: Message): Handle | undefined {
    return this.remote.deliverToName(name, message) ? this.unknown : undefined;
  }

  /** Stands for whoever has a name that is not known yet: nobody has this number. */
  get unknown(): Handle {
    return makeHandle(this.harbor, 0);
  }

  /** Tells a service, behind the request, that nobody waits for the answer any more. */
  cancelRequest(to: Handle, source: Handle, session: number): void {
    if (this.isRemote(to)) {
      if (this.remote.isOpen && !this.remote.cancel(to, source, session))
        this.#place.cancelIn(NETWORK_THREAD, to, source, session);
      return;
    }
    const thread = this.threadOf(to);
    if (thread === this.#thread) this.find(to)?.cancelRequest(source, session);
    else if (thread >= 0) this.#place.cancelIn(thread, to, source, session);
  }

  /** A message from another thread: for a service of this one, or for another node by way of this thread. */
  arrived(to: Handle, message: Message, from: number): void {
    if (this.isRemote(to)) {
      this.remote.deliver(to, message);
      return;
    }
    const service = this.#table.get(localOf(to));
    if (service !== undefined) service.push(message);
    else this.#arrivedLate(to, message, from);
  }

  /** Its receiver comes from another thread, or has gone there, or ended while it was under way. */
  #arrivedLate(to: Handle, message: Message, from: number): void {
    const local = localOf(to);
    const guest = this.#guests.get(local);
    if (guest !== undefined) {
      if (from === guest.from) guest.service.push(message);
      else guest.take(from, () => this.arrived(to, message, guest.from));
      return;
    }
    const thread = this.#routes?.threadOf(local) ?? -1;
    if (thread >= 0 && thread !== this.#thread) this.#place.passOn(thread, to, message);
    else this.refuse(to, message);
  }

  /** A thread was lost before it read this: it goes to the thread that took the place, else who asked is told. */
  unread(to: Handle, message: Message): void {
    if (!this.deliver(to, message)) this.refuse(to, message, threadLostFailure);
  }

  /** Its receiver does not live: tells who waits for an answer. */
  refuse(
    to: Handle,
    { session, type, source }: Message,
    failure: (service: Handle) => SkynetError = goneFailure,
  ): void {
    if (session !== 0 && isRequestType(type))
      this.deliver(source, new Message(PTYPE.ERROR, session, to, failure(to)));
  }

  // --- ends

  /** Ends a service in the name of another. */
  kill(handle: Handle, by: Handle): void {
    const thread = this.threadOf(handle);
    if (thread < 0) {
      this.#place.log(by, `kill: no service ${formatShort(handle)}`);
      return;
    }
    this.#place.log(by, `KILL ${formatShort(handle)}`);
    if (thread === this.#thread) this.killHere(handle);
    else this.#place.killIn(thread, handle, by);
  }

  /** Ends several, those that live. */
  killAll(handles: readonly Handle[], by: Handle): void {
    for (const handle of handles) if (this.threadOf(handle) >= 0) this.kill(handle, by);
  }

  /** Ends a service of this thread, if it still lives; one that has moved on is followed. */
  killHere(handle: Handle, by: Handle = 0): void {
    const service = this.find(handle);
    if (service !== undefined) {
      service.kill();
      return;
    }
    const thread = this.threadOf(handle);
    const guest = this.guest(handle);
    if (thread === this.#thread && guest !== undefined) guest.isDoomed = true;
    else if (thread >= 0 && thread !== this.#thread) this.#place.killIn(thread, handle, by);
  }

  /** Makes a call fail behind what its service has been sent: an answer may be among that. */
  fail(service: Service, { session, dest }: Waiting, error: SkynetError): void {
    service.push(new Message(PTYPE.ERROR, session, dest, error));
  }

  /** A thread is gone with these services: nobody answers for them. */
  threadLost(lost: ReadonlySet<Handle>): void {
    this.#failCalls((dest) => lost.has(dest), threadLostFailure);
  }

  /** A node is gone with all its services. */
  nodeLost(harbor: number): void {
    this.#failCalls((dest) => dest !== 0 && harborOf(dest) === harbor, nodeLostFailure);
  }

  #failCalls(isLost: (dest: Handle) => boolean, failure: (service: Handle) => SkynetError): void {
    const services = this.services();
    for (const { hasArrived, service } of this.#guests.values()) if (!hasArrived) services.push(service);
    for (const service of services)
      for (const waiting of service.sessions.all())
        if (isLost(waiting.dest)) this.fail(service, waiting, failure(waiting.dest));
  }
}

/** What the callers of a service get whose thread was lost. */
function threadLostFailure(service: Handle): SkynetError {
  const text = formatHandle(service);
  return failedWait('ERR_SERVICE_GONE', `call failed: the thread of ${text} was lost`, {
    details: { service: text },
  });
}
