import type { EndReason, GoneEvent } from '../contracts/ending.ts';
import type { Handle } from '../handle.ts';
import type { Watcher } from '../route/endings.ts';
import { WorkTask } from './task.ts';

type Told = (event: GoneEvent) => unknown;

/** What a watch needs of the service it belongs to. */
export interface WatchOwner {
  readonly alive: boolean;
  push(item: WorkTask): void;
  /** It has been told. */
  watched(watch: Watch): void;
}

/** A service that waits for the end of another. Told in its own turn, behind what came from there before. */
export class Watch implements Watcher {
  readonly handle: Handle;
  readonly #owner: WatchOwner;
  #told: Told | undefined;

  constructor(owner: WatchOwner, handle: Handle, told: Told) {
    this.#owner = owner;
    this.handle = handle;
    this.#told = told;
  }

  gone(reason: EndReason): void {
    const owner = this.#owner;
    if (!owner.alive) return;
    owner.watched(this);
    owner.push(new WorkTask(() => this.#told?.({ handle: this.handle, reason }), []));
  }

  /** Nobody wants to know any more, even if it stands in the mailbox already. */
  stop(): void {
    this.#told = undefined;
  }
}
