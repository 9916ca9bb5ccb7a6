import type { Handle } from '@skynet/core';
import type { ServiceKernel } from '@skynet/core/kernel';
import type { Entry, EntryOwner } from './entry.ts';

/** The sockets of one service. They are closed when it ends. */
export class Owner implements EntryOwner {
  readonly kernel: ServiceKernel;
  readonly handle: Handle;
  readonly #entries = new Set<Entry>();

  constructor(kernel: ServiceKernel) {
    this.kernel = kernel;
    this.handle = kernel.skynet.self();
    kernel.own(
      () => {
        for (const entry of this.#entries) {
          entry.owner = undefined;
          entry.close();
        }
        this.#entries.clear();
      },
      () => {
        const { size } = this.#entries;
        return size === 0 ? undefined : size === 1 ? 'a socket' : `${size} sockets`;
      },
    );
  }

  take(entry: Entry): void {
    entry.owner?.drop(entry);
    entry.owner = this;
    this.#entries.add(entry);
  }

  drop(entry: Entry): void {
    if (!this.#entries.delete(entry)) return;
    entry.owner = undefined;
  }

  /** Whether the socket is this service's. */
  has(entry: Entry): boolean {
    return entry.owner === this;
  }
}
