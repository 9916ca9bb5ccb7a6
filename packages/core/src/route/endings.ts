import type { EndReason } from '../contracts/skynet.ts';
import type { Handle } from '../handle.ts';

/** Somebody who is told once why a service is gone. */
export interface Watcher {
  readonly handle: Handle;
  gone(reason: EndReason): void;
}

/** What the ends of services need of the thread they are told in. */
export interface EndingsPlace {
  readonly thread: number;
  /** Thread of a service, below 0 if it does not live. */
  threadOf(handle: Handle): number;
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

/** Who is told when a service ends, in whichever thread of the node it lives; however many watch, other threads are asked once. */
export class Endings {
  readonly #place: EndingsPlace;
  readonly #watched = new Map<Handle, Watched>();
  /** Threads to be told of services of this one. */
  readonly #threads = new Map<Handle, Set<number>>();

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
    const thread = this.#place.threadOf(handle);
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
    } else if (this.#place.threadOf(handle) !== this.#place.thread) {
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
      if (watched.thread === thread && this.#place.threadOf(handle) !== thread)
        this.heard(handle, 'thread-lost');
    }
    for (const [handle, threads] of this.#threads)
      if (threads.delete(thread) && threads.size === 0) this.#threads.delete(handle);
  }
}
