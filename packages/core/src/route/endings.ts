import type { EndReason } from '../contracts/ending.ts';
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
  /**
   * Asks another thread to tell of an end, or to tell of it no more; that thread calls {@link Endings.requested}. `from` is
   * who is to be told, if not this thread.
   */
  request(thread: number, handle: Handle, on: boolean, from?: number): void;
  /** A service is watched from now on, perhaps one of another node. */
  watchRemote(handle: Handle): void;
  /** Tells another thread of an end; it calls {@link Endings.heard}. */
  tell(thread: number, handle: Handle, reason: EndReason): void;
}

/** Those of this thread who wait for the end of one service, mostly one, and the thread that the service lives in. */
interface Watched {
  thread: number;
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

  /** A service of this thread goes on in another: which threads that one has to tell of its end. */
  depart(handle: Handle, thread: number): number[] {
    const threads = new Set(this.#threads.get(handle));
    this.#threads.delete(handle);
    threads.delete(thread);
    if (this.#watched.has(handle)) threads.add(this.#place.thread);
    this.moved(handle, thread);
    return [...threads];
  }

  /** A service has come to this thread, and these are to be told of its end. */
  arrive(handle: Handle, threads: readonly number[]): void {
    this.moved(handle, this.#place.thread);
    if (threads.length > 0) this.#threads.set(handle, new Set(threads));
  }

  /** A service lives in another thread than before. */
  moved(handle: Handle, thread: number): void {
    const watched = this.#watched.get(handle);
    if (watched !== undefined) watched.thread = thread;
  }

  /** Another thread wants to be told of a service of this one, or no more. */
  requested(from: number, handle: Handle, on: boolean): void {
    const place = this.#place.placeOf(handle);
    if (place >= 0 && place !== this.#place.thread) {
      // It has moved on.
      this.#place.request(place, handle, on, from);
    } else if (!on) {
      const threads = this.#threads.get(handle);
      if (threads?.delete(from) && threads.size === 0) this.#threads.delete(handle);
    } else if (place < 0) {
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
   * A thread is gone with all its services, these; what they were told of matters no more. Services of the thread in its
   * place may be watched already.
   */
  threadLost(thread: number, lost: ReadonlySet<Handle>): void {
    for (const [handle, watched] of [...this.#watched]) {
      const wasThere = watched.thread === thread && this.#place.placeOf(handle) !== thread;
      // Of one that had just moved there, this thread may not know where it was.
      if (wasThere || lost.has(handle)) this.heard(handle, 'thread-lost');
    }
    for (const [handle, threads] of this.#threads)
      if (threads.delete(thread) && threads.size === 0) this.#threads.delete(handle);
  }
}
