/** Of one network. */
interface Part {
  count: number;
  /** Takes one away; made when somebody keeps it. */
  leave: (() => void) | undefined;
}

/** How many there are, in all and by network. */
export class Tally {
  total = 0;
  readonly #byNetwork = new Map<string, Part>();
  readonly #leave = (): void => this.remove(undefined);

  of(network: string): number {
    return this.#byNetwork.get(network)?.count ?? 0;
  }

  /** One more; without a network where only the total matters. */
  add(network: string | undefined): void {
    this.total++;
    if (network === undefined) return;
    const part = this.#byNetwork.get(network);
    if (part === undefined) this.#byNetwork.set(network, { count: 1, leave: undefined });
    else part.count++;
  }

  /** One less, as it was added. */
  remove(network: string | undefined): void {
    this.total--;
    if (network === undefined) return;
    const part = this.#byNetwork.get(network);
    if (part !== undefined && --part.count === 0) this.#byNetwork.delete(network);
  }

  /** To be called once for one that was added. All of a network have the same, so that it costs each of them nothing. */
  leaveOf(network: string | undefined): () => void {
    const part = network === undefined ? undefined : this.#byNetwork.get(network);
    if (part === undefined) return this.#leave;
    part.leave ??= () => this.remove(network);
    return part.leave;
  }
}
