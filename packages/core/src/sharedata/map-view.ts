import { inspect } from 'node:util';
import type { Container } from './container.ts';

/** The view of a map. */
export function mapView(place: Container): object {
  return new MapView(place);
}

class MapView extends Map<unknown, unknown> {
  readonly #place: Container;

  constructor(place: Container) {
    super();
    this.#place = place;
  }

  override get size(): number {
    return this.#place.size;
  }

  override get(key: unknown): unknown {
    const cell = this.#place.cellOf(key);
    return cell < 0 ? undefined : this.#place.read(cell, key);
  }

  override has(key: unknown): boolean {
    return this.#place.cellOf(key) >= 0;
  }

  override *entries(): MapIterator<[unknown, unknown]> {
    for (const key of this.#place.keys) yield [key, this.get(key)];
  }

  override *keys(): MapIterator<unknown> {
    yield* this.#place.keys;
  }

  override *values(): MapIterator<unknown> {
    for (const key of this.#place.keys) yield this.get(key);
  }

  override [Symbol.iterator](): MapIterator<[unknown, unknown]> {
    return this.entries();
  }

  override forEach(
    visit: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void,
    self?: unknown,
  ): void {
    for (const [key, value] of this.entries()) visit.call(self, value, key, this);
  }

  override set(): never {
    return this.#place.readonly();
  }

  override delete(): never {
    return this.#place.readonly();
  }

  override clear(): never {
    return this.#place.readonly();
  }

  [inspect.custom](): unknown {
    return this.#place.copy();
  }
}
// It is a Map for who compares it with one.
Object.defineProperty(MapView.prototype, 'constructor', { value: Map });
