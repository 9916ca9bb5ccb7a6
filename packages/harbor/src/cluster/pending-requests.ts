import type { Handle } from '@skynet/core';
import { type HasSession, SessionMap } from '@skynet/core/kernel';

/** A request whose answer has not come. */
export class PendingRequest<Answered> implements HasSession {
  readonly session: number;
  /** Who asks, and the number that the service has given the request. */
  readonly source: Handle;
  readonly ticket: number;
  readonly answered: Answered;
  /** Those that were sent before and after it. */
  older: PendingRequest<Answered> | undefined = undefined;
  younger: PendingRequest<Answered> | undefined = undefined;

  constructor(session: number, source: Handle, ticket: number, answered: Answered) {
    this.session = session;
    this.source = source;
    this.ticket = ticket;
    this.answered = answered;
  }
}

/**
 * The requests of a connection whose answers have not come, by session and in the order of sending. Not a Map, see
 * {@link SessionMap}: one that is gone points to no other either, so that what was collected late keeps nothing.
 */
export class PendingRequests<Answered> {
  readonly #bySession = new SessionMap<PendingRequest<Answered>>();
  #oldest: PendingRequest<Answered> | undefined = undefined;
  #youngest: PendingRequest<Answered> | undefined = undefined;

  get size(): number {
    return this.#bySession.size;
  }

  get(session: number): PendingRequest<Answered> | undefined {
    return this.#bySession.get(session);
  }

  add(request: PendingRequest<Answered>): void {
    this.#bySession.add(request);
    const before = this.#youngest;
    request.older = before;
    if (before === undefined) this.#oldest = request;
    else before.younger = request;
    this.#youngest = request;
  }

  /** Takes one out, if it is there. */
  take(session: number): PendingRequest<Answered> | undefined {
    const request = this.#bySession.take(session);
    if (request === undefined) return undefined;
    const { older, younger } = request;
    if (older === undefined) this.#oldest = younger;
    else older.younger = younger;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    request.older = undefined;
    request.younger = undefined;
    return request;
  }

  /** The one that a service knows by a ticket. The oldest are looked at first: they are those that are given up. */
  find(source: Handle, ticket: number): PendingRequest<Answered> | undefined {
    let request = this.#oldest;
    while (request !== undefined && (request.ticket !== ticket || request.source !== source))
      request = request.younger;
    return request;
  }

  /** Takes all of them out, in the order of sending. */
  takeAll(): PendingRequest<Answered>[] {
    const all: PendingRequest<Answered>[] = [];
    for (let request = this.#oldest; request !== undefined; request = this.#oldest) {
      this.take(request.session);
      all.push(request);
    }
    return all;
  }
}
