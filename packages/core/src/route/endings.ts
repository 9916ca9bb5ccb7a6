import type { EndReason } from '../contracts/skynet.ts';
import type { Handle } from '../handle.ts';
import { Message } from '../message.ts';
import { PTYPE } from '../protocol.ts';

/** Somebody who is told once why a service is gone. */
export interface Watcher {
  readonly handle: Handle;
  gone(reason: EndReason): void;
}

/** What the ends of services need of the thread they are told in. */
export interface EndingsPlace {
  readonly thread: number;
  /** Thread where the end of a service is heard of, below 0 if it does not live. */
  placeOf(handle: Handle): number;
  deliver(to: Handle, message: Message): boolean;
  /** Asks another thread to tell of an end, or to tell of it no more; that thread calls {@link Endings.requested}. */
  request(thread: number, handle: Handle, on: boolean): void;
  /** A service is watched from now on, perhaps one of another node. */
  watchRemote(handle: Handle): void;
  /** Tells another thread of an end; it calls {@link Endings.heard}. */
  tell(thread: number, handle: Handle, reason: EndReason): void;
}

/** Those of this thread who wait for the end of one service, mostly one, and the thread that the service lives in. */
interface Watched {
  readonly thread: number;
  watchers: Watcher | Set<Watcher>;
}

/**
 * Who is told when a service ends, in whichever thread or node it lives; however many watch, other threads are asked once.
 * And the monitor, which is told of every end in this node.
 */
export class Endings {
  readonly #place: EndingsPlace;
  readonly #watched = new Map<Handle, Watched>();
  /** Threads to be told of services of this one. */
  readonly #threads = new Map<Handle, Set<number>>();
  /** The service that is told of every end (book §14.6), 0 for none. */
  monitor: Handle = 0;

  constructor(place: EndingsPlace) {
    this.#place = place;
  }

  /** Tells when the service ends, at once if it does not live. */
  watch(watcher: Watcher): void {
    const { handle } = watcher;
    const watched = this.#watched.get(handle);
    if (watched !== undefined) {
      if (!(watched.watchers instanceof Set)) watched.watchers = new Set([watched.watchers]);
      watched.watchers.add(watcher);
      return;
    }
    const thread = this.#place.placeOf(handle);
    if (thread < 0) {
      watcher.gone('unknown');
      return;
    }
    this.#watched.set(handle, { thread, watchers: watcher });
    if (thread !== this.#place.thread) this.#place.request(thread, handle, true);
    else this.#place.watchRemote(handle);
  }

  /** Tells no more. */
  unwatch(watcher: Watcher): void {
    const { handle } = watcher;
    const watched = this.#watched.get(handle);
    if (watched === undefined) return;
    const { watchers, thread } = watched;
    if (watchers instanceof Set) {
      if (!watchers.delete(watcher) || watchers.size > 0) return;
    } else if (watchers !== watcher) return;
    this.#watched.delete(handle);
    if (thread !== this.#place.thread) this.#place.request(thread, handle, false);
  }

  /** A service of this thread has ended. */
  ended(handle: Handle, reason: EndReason): void {
    this.tellMonitor(handle);
    this.tell(handle, reason);
  }

  /** Tells the monitor of an end; {@link ended} does so itself. */
  tellMonitor(handle: Handle): void {
    if (this.monitor !== 0)
      this.#place.deliver(this.monitor, new Message(PTYPE.CLIENT, 0, handle, new Uint8Array(0)));
  }

  /** Tells those who watch of an end that this thread is the first to hear of. */
  tell(handle: Handle, reason: EndReason): void {
    if (this.#watched.size > 0) this.heard(handle, reason);
    if (this.#threads.size === 0) return;
    for (const thread of this.#threads.get(handle) ?? []) this.#place.tell(thread, handle, reason);
    this.#threads.delete(handle);
  }

  /** Another thread wants to be told of a service of this one, or no more. */
  requested(from: number, handle: Handle, on: boolean): void {
    if (!on) {
      const threads = this.#threads.get(handle);
      if (threads?.delete(from) && threads.size === 0) this.#threads.delete(handle);
    } else if (this.#place.placeOf(handle) !== this.#place.thread) {
      // It ended while the question was under way.
      this.#place.tell(from, handle, 'unknown');
    } else {
      const threads = this.#threads.get(handle);
      if (threads === undefined) this.#threads.set(handle, new Set([from]));
      else threads.add(from);
      this.#place.watchRemote(handle);
    }
  }

  /** A service has ended. */
  heard(handle: Handle, reason: EndReason): void {
    const watched = this.#watched.get(handle);
    if (watched === undefined) return;
    this.#watched.delete(handle);
    const { watchers } = watched;
    if (!(watchers instanceof Set)) watchers.gone(reason);
    else for (const watcher of watchers) watcher.gone(reason);
  }

  /**
   * A thread is gone with all its services; what they were told of matters no more. Services of the thread in its place
   * may be watched already.
   */
  threadLost(thread: number): void {
    for (const [handle, watched] of [...this.#watched]) {
      if (watched.thread === thread && this.#place.placeOf(handle) !== thread)
        this.heard(handle, 'thread-lost');
    }
    for (const [handle, threads] of this.#threads)
      if (threads.delete(thread) && threads.size === 0) this.#threads.delete(handle);
  }
}
