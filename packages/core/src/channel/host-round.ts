/** Where to connect to. */
export interface Host {
  /** Name, ip, or the URL of a transport, which has no port beside it. */
  readonly host: string;
  /** Undefined where the URL says all. */
  readonly port: number | undefined;
}

/** The hosts of one attempt to connect, one after another and none twice. */
export class HostRound {
  readonly #waiting: Host[] = [];
  readonly #seen = new Set<string>();

  constructor(hosts: Iterable<Host>) {
    this.add(hosts);
  }

  /** More hosts behind those that wait. */
  add(hosts: Iterable<Host>): void {
    for (const each of hosts) {
      const key = `${each.host}\n${each.port ?? ''}`;
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      this.#waiting.push(each);
    }
  }

  /** The next one; undefined when all were tried. */
  next(): Host | undefined {
    return this.#waiting.shift();
  }
}
