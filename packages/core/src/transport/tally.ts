/** How many there are, in all and by network. */
export class Tally {
  total = 0;
  readonly #byNetwork = new Map<string, number>();

  of(network: string): number {
    return this.#byNetwork.get(network) ?? 0;
  }

  /** One more; without a network where only the total matters. */
  add(network: string | undefined): void {
    this.total++;
    if (network !== undefined) this.#byNetwork.set(network, this.of(network) + 1);
  }

  /** One less, as it was added. */
  remove(network: string | undefined): void {
    this.total--;
    if (network === undefined) return;
    const left = this.of(network) - 1;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }
}
