import type { Service } from '../actor/service.ts';
import { kindOf, LearntPlaces } from './learnt-places.ts';
import type { PlaceOffer } from './learnt-talk.ts';

/** What placement means for one thread of a node that learns: where services start, and which of them stay where they are. */
export class ThreadPlacement {
  readonly #places = new LearntPlaces();
  readonly #pinned = new WeakSet<Service>();
  readonly #canTake: (thread: number) => boolean;

  /** @param canTake - whether a thread is there and takes something new. */
  constructor(canTake: (thread: number) => boolean) {
    this.#canTake = canTake;
  }

  /** Takes over what was learnt of all threads. */
  learn(offers: readonly PlaceOffer[]): void {
    this.#places.learn(offers);
  }

  /** The thread for a new service; undefined where nothing is known. */
  placeOf(name: string, args: readonly unknown[]): number | undefined {
    const thread = this.#places.next(kindOf(name, args));
    return thread !== undefined && this.#canTake(thread) ? thread : undefined;
  }

  isPinned(service: Service): boolean {
    return this.#pinned.has(service);
  }

  /** A service stays where it is, or may go again. */
  pin(service: Service, on: boolean): void {
    if (on) this.#pinned.add(service);
    else this.#pinned.delete(service);
  }
}
