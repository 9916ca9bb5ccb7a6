import type { AwaitOptions, Skynet } from '@skynet/core';
import type { Answer } from './answer.ts';
import { mysqlError } from './errors.ts';
import type { Done, Link } from './link.ts';
import type { LinkStore } from './link-store.ts';
import { waitFor } from './wait.ts';

/** One connection for a while, for one task after another. */
export class Lease {
  readonly #skynet: Skynet;
  readonly #store: LinkStore;
  readonly link: Link;
  #isOver = false;

  constructor(skynet: Skynet, store: LinkStore, link: Link) {
    this.#skynet = skynet;
    this.#store = store;
    this.link = link;
  }

  /** Asks the server. When nobody waits for the answer any more, the connection is given up with what it does. */
  ask(start: (done: Done<Answer>) => void, limits?: AwaitOptions): Promise<Answer> {
    if (this.#isOver) throw mysqlError('ERR_MYSQL_CLOSED', 'the transaction is over');
    let isAnswered = false;
    const asked = waitFor<Answer>(
      this.#skynet,
      (done) =>
        start((failure, answer) => {
          isAnswered = true;
          done(failure, answer);
        }),
      limits,
    );
    if (limits !== undefined)
      asked.catch(() => {
        if (!isAnswered) this.abandon();
      });
    return asked;
  }

  /** Gives the connection back. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#store.giveBack(this.link);
  }

  /** Closes the connection, with what is under way. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#store.abandon(this.link);
  }
}
