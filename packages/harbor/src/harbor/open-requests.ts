import type { Handle } from '@skynet/core';

/** A request of another node that a service of another thread works on. */
export interface OpenRequest {
  /** Who asks, in the other node, and under which session. */
  readonly source: Handle;
  readonly session: number;
  /** The service that was asked, and its thread. */
  readonly to: Handle;
  readonly thread: number;
}

/** Requests that are remembered; a service may never answer some. */
const MAX_OPEN = 100_000;

/**
 * Requests of other nodes to services in other threads: when such a thread is lost nobody else would tell who asked. Inside a
 * node callers know it themselves.
 */
export class OpenRequests {
  readonly #bySource = new Map<Handle, Map<number, OpenRequest>>();
  #count = 0;

  add(request: OpenRequest): void {
    if (this.#count >= MAX_OPEN) this.#forgetOldest();
    let sessions = this.#bySource.get(request.source);
    if (sessions === undefined) {
      sessions = new Map();
      this.#bySource.set(request.source, sessions);
    }
    if (!sessions.has(request.session)) this.#count++;
    sessions.set(request.session, request);
  }

  /** It is answered. */
  delete(source: Handle, session: number): void {
    const sessions = this.#bySource.get(source);
    if (sessions === undefined || !sessions.delete(session)) return;
    this.#count--;
    if (sessions.size === 0) this.#bySource.delete(source);
  }

  /** A node is lost: nobody waits there any more. */
  nodeLost(harbor: number): void {
    for (const [source, sessions] of this.#bySource) {
      if (source >>> 24 !== harbor) continue;
      this.#count -= sessions.size;
      this.#bySource.delete(source);
    }
  }

  /** A thread is lost: the requests that its services worked on, which are forgotten. */
  threadLost(thread: number): OpenRequest[] {
    const lost = [...this.#bySource.values()].flatMap((sessions) =>
      [...sessions.values()].filter((request) => request.thread === thread),
    );
    for (const { source, session } of lost) this.delete(source, session);
    return lost;
  }

  #forgetOldest(): void {
    for (const [source, sessions] of this.#bySource) {
      for (const session of sessions.keys()) {
        this.delete(source, session);
        return;
      }
    }
  }
}
