import type { Duration, Skynet } from '@skynet/core';

/** Tasks of a service that wait for something to happen, by what that is. */
export class Waits {
  readonly #skynet: Skynet;
  readonly #waiting = new Map<string, Set<object>>();

  constructor(skynet: Skynet) {
    this.#skynet = skynet;
  }

  /** Waits until it is woken for that, if it is not true yet, or until so much time has passed. Whether it is true then. */
  async until(what: string, isTrue: () => boolean, time?: Duration): Promise<boolean> {
    if (isTrue()) return true;
    const token = {};
    const waiting = this.#waiting.get(what) ?? new Set();
    waiting.add(token);
    this.#waiting.set(what, waiting);
    if (time === undefined) await this.#skynet.wait(token);
    else await this.#skynet.sleep(time, token);
    waiting.delete(token);
    return isTrue();
  }

  /** Wakes all who wait for that. */
  wake(what: string): void {
    const waiting = this.#waiting.get(what);
    this.#waiting.delete(what);
    for (const token of waiting ?? []) this.#skynet.wakeup(token);
  }
}
