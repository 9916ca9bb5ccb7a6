import type { PlaceOffer } from './learnt-talk.ts';

/** Where one thread starts new services that nobody has given a place: near those that their kind talks to. */
export class LearntPlaces {
  readonly #places = new Map<string, { readonly thread: number; left: number }>();

  /** What is known now, in the place of what was known before. */
  learn(offers: readonly PlaceOffer[]): void {
    this.#places.clear();
    for (const { kind, thread, starts } of offers) this.#places.set(kind, { thread, left: starts });
  }

  /** The thread for one more of a kind; undefined where nothing is known, or there is no room for more. */
  next(kind: string): number | undefined {
    const place = this.#places.get(kind);
    if (place === undefined || place.left === 0) return undefined;
    place.left--;
    return place.thread;
  }
}

/** What a service has in common with others that do the same: its name, and the script where that is one of snax. */
export function kindOf(name: string, args: readonly unknown[]): string {
  return name === 'snaxd' && typeof args[0] === 'string' ? `${name} ${args[0]}` : name;
}
