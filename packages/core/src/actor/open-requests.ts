import type { ActiveRequest } from './request.ts';

/**
 * Requests that a service has begun and not answered. Each remembers its place in the list, so that taking one out is
 * quick. (A Set would do, but for what `session-table.ts` tells of Maps.)
 */
export class OpenRequests {
  readonly #list: ActiveRequest[] = [];

  /** Adds a request, once. */
  add(request: ActiveRequest): void {
    if (request.place >= 0) return;
    request.place = this.#list.length;
    this.#list.push(request);
  }

  /** Takes a request out, if it is in. */
  delete(request: ActiveRequest): void {
    const { place } = request;
    if (place < 0) return;
    request.place = -1;
    const last = this.#list.pop() as ActiveRequest;
    if (last === request) return;
    last.place = place;
    this.#list[place] = last;
  }

  [Symbol.iterator](): IterableIterator<ActiveRequest> {
    return this.#list.values();
  }
}
