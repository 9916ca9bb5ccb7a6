import { goneFailure } from '../actor/failure.ts';
import type { Handle } from '../handle.ts';
import type { Routed, Router, Waiting } from './router.ts';

/** A request goes on from one service to another, which lives in `thread` (below 0 if that is unknown). */
export interface Redirection {
  readonly source: Handle;
  readonly session: number;
  readonly from: Handle;
  readonly to: Handle;
  readonly thread: number;
}

/** What redirections need of the other threads. */
export interface RedirectionsPlace {
  readonly thread: number;
  /** Sends a note to the thread of its source; that calls {@link Redirections.noted}. */
  tell(thread: number, note: Redirection): void;
  /** Another thread in which a service of this one goes on, or has gone on. */
  wentTo(handle: Handle): number | undefined;
  /** Resolves when everything has arrived that another thread has sent so far. */
  heardOut(thread: number): Promise<unknown>;
}

/** Keeps callers right about who will answer them: the end of the new receiver, or the loss of its thread, is what matters. */
export class Redirections {
  readonly #router: Router<Routed>;
  readonly #place: RedirectionsPlace;
  /** Notes whose request has not come to where they begin, as far as is known here. */
  readonly #early = new WeakMap<Waiting, readonly Redirection[]>();

  constructor(router: Router<Routed>, place: RedirectionsPlace) {
    this.#router = router;
    this.#place = place;
  }

  /** A service of this thread has passed a request on. */
  add(source: Handle, session: number, from: Handle, to: Handle): void {
    const note: Redirection = { source, session, from, to, thread: this.#router.threadOf(to) };
    const thread = this.#router.threadOf(source);
    if (thread === this.#place.thread) this.noted(note);
    else if (thread >= 0) this.#place.tell(thread, note);
  }

  /** A request of this thread has been passed on. */
  noted(note: Redirection): void {
    const { source, session, from, to } = note;
    const thread = this.#place.wentTo(source);
    if (thread !== undefined) {
      this.#place.tell(thread, note);
      return;
    }
    const waiting = this.#instance(source)?.sessions.get(session);
    if (waiting === undefined) return;
    if (waiting.dest !== from) {
      // It went on more than once, and the notes of several threads have overtaken each other.
      this.#early.set(waiting, [...(this.#early.get(waiting) ?? []), note]);
      return;
    }
    waiting.dest = to;
    const next = this.#early.get(waiting)?.find((other) => other.from === to);
    if (next !== undefined) this.noted(next);
    else if (this.#router.isOwn(to) && this.#router.threadOf(to) < 0) void this.#failIfUnanswered(note);
  }

  #instance(handle: Handle): Routed | undefined {
    return this.#router.find(handle) ?? this.#router.guest(handle)?.service;
  }

  /** A service has ended, or its thread was lost, perhaps before the note: what it answered has arrived after a ping. */
  async #failIfUnanswered({ source, session, to, thread }: Redirection): Promise<void> {
    if (thread >= 0 && thread !== this.#place.thread) await this.#place.heardOut(thread).catch(() => {});
    const service = this.#instance(source);
    const waiting = service?.sessions.get(session);
    if (service !== undefined && waiting?.dest === to) this.#router.fail(service, waiting, goneFailure(to));
  }
}
