/**
 * A service that comes to this thread from another one, as far as it has no place in the table yet.
 *
 * What other threads have sent to the old place is passed on from there. Who has heard of the move sends here, and that might
 * overtake: so what a thread sends here waits until the old place says that nothing of that thread is on its way any more.
 */
export class Guest<Service> {
  readonly service: Service;
  /** Thread that it comes from; what that one sends has its order already. */
  readonly from: number;
  /** Whether it is this instance that counts: before that the one of the other thread does. */
  hasArrived = false;
  /** Whether somebody has killed it who knew before this thread that it is here. */
  isDoomed = false;
  readonly #waiting: Map<number, (() => void)[]>;

  /** `threads` are those whose order is to be kept. */
  constructor(service: Service, from: number, threads: readonly number[]) {
    this.service = service;
    this.from = from;
    this.#waiting = new Map(threads.map((thread) => [thread, []]));
  }

  /** Does what a thread has sent, now or in its turn. */
  take(thread: number, work: () => void): void {
    const waiting = thread === this.from ? undefined : this.#waiting.get(thread);
    if (waiting === undefined) work();
    else waiting.push(work);
  }

  /** Everything that a thread had sent to the old place has come. */
  heardOut(thread: number): void {
    const waiting = this.#waiting.get(thread);
    this.#waiting.delete(thread);
    for (const work of waiting ?? []) work();
  }

  /** Lets everything through that waits. */
  open(): void {
    for (const thread of [...this.#waiting.keys()]) this.heardOut(thread);
  }

  /** Whether nothing can be overtaken any more. */
  get isSettled(): boolean {
    return this.hasArrived && this.#waiting.size === 0;
  }
}
