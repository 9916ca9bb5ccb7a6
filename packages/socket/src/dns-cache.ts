interface Known {
  readonly addresses: readonly string[];
  /** Until when they hold, by the clock that is never put back. */
  readonly until: number;
}

/** Addresses by name, each for its time to live. What is over is kept for when nobody answers. */
export class DnsCache {
  readonly #known = new Map<string, Known>();
  readonly #limit: number;

  /** @param limit names that are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What holds still. */
  get(key: string): readonly string[] | undefined {
    const known = this.#known.get(key);
    return known !== undefined && known.until > performance.now() ? known.addresses : undefined;
  }

  /** What holds, or has held. */
  stale(key: string): readonly string[] | undefined {
    return this.#known.get(key)?.addresses;
  }

  set(key: string, addresses: readonly string[], seconds: number): void {
    // Behind all others: the first one is that set longest ago.
    this.#known.delete(key);
    this.#known.set(key, {
      addresses: Object.freeze([...addresses]),
      until: performance.now() + seconds * 1000,
    });
    if (this.#known.size <= this.#limit) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }

  clear(): void {
    this.#known.clear();
  }
}
