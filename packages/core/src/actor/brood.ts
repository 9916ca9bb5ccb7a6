import type { Handle } from '../handle.ts';

/** What a start function has started so far, and what those have started while they started: they end with a start that fails. */
export class Brood {
  /** In the order in which they were ready. */
  readonly handles: Handle[] = [];
  #hasFailed = false;

  /** A service is ready that was asked for during the start. Returns what is to end now, if that has failed already. */
  add(handle: Handle, withIt: readonly Handle[]): readonly Handle[] {
    this.handles.push(...withIt, handle);
    return this.#hasFailed ? this.#lastFirst() : [];
  }

  /** The start has failed. Returns what is to end, the last first. */
  fail(): readonly Handle[] {
    this.#hasFailed = true;
    return this.#lastFirst();
  }

  #lastFirst(): Handle[] {
    return this.handles.splice(0).reverse();
  }
}
