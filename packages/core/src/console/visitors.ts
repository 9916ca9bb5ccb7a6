/** Visitors at a time. */
const MAX = 64;
/** Of these from one address, or one network of IPv6. */
const MAX_OF_NETWORK = 32;

/** What decides whether a visitor has to make room for another. */
export interface Visitor {
  /** Whom it is counted for. */
  readonly network: string;
  /** Whether it has been let in: has shown the token, or given a command where there is none. */
  readonly entered: boolean;
  /** Whether a command of it is running. */
  readonly busy: boolean;
  /** When it was last heard of. */
  readonly heard: number;
  /** Sends it away. */
  dismiss(): void;
}

/**
 * The places of a console. When they are all taken the newcomer gets the place of somebody who only sits there: first
 * those who have not been let in, then those who have been quiet for longest. So whoever opens connections and says
 * nothing keeps nobody out.
 */
export class Visitors {
  readonly #all = new Set<Visitor>();

  /** Makes room for a visitor from there. @returns false when everybody is busy. */
  makeRoom(network: string): boolean {
    const neighbours = [...this.#all].filter((visitor) => visitor.network === network);
    if (neighbours.length >= MAX_OF_NETWORK) return this.#dismissOne(neighbours);
    return this.#all.size < MAX || this.#dismissOne([...this.#all]);
  }

  add(visitor: Visitor): void {
    this.#all.add(visitor);
  }

  /** @returns whether it was still there. */
  remove(visitor: Visitor): boolean {
    return this.#all.delete(visitor);
  }

  #dismissOne(among: readonly Visitor[]): boolean {
    const [first] = among
      .filter(({ entered, busy }) => !(entered && busy))
      .sort((a, b) => Number(a.entered) - Number(b.entered) || a.heard - b.heard);
    if (first === undefined) return false;
    this.#all.delete(first);
    first.dismiss();
    return true;
  }
}
