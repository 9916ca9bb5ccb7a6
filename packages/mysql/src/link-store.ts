import type { SkynetError } from '@skynet/core';
import { mysqlFailure } from './errors.ts';
import type { Done, Link } from './link.ts';
import type { PoolSettings } from './options.ts';

/** Lends connections: opens as many as it may, keeps those that nobody uses for a while, and lets others wait in line. */
export class LinkStore {
  readonly #settings: PoolSettings;
  readonly #open: (done: Done<Link>) => () => void;
  readonly #kill: (link: Link) => Promise<void>;
  readonly #idle = new Map<Link, NodeJS.Timeout | undefined>();
  readonly #lent = new Set<Link>();
  readonly #opening = new Set<() => void>();
  readonly #waiting = new Set<Done<Link>>();
  #isClosed = false;

  constructor(
    settings: PoolSettings,
    open: (done: Done<Link>) => () => void,
    kill: (link: Link) => Promise<void>,
  ) {
    this.#settings = settings;
    this.#open = open;
    this.#kill = kill;
  }

  /** How many connections there are, how many of them are lent, and how many requests wait for one. */
  get state(): { connections: number; busy: number; waiting: number } {
    const busy = this.#lent.size;
    return { connections: busy + this.#idle.size, busy, waiting: this.#waiting.size };
  }

  /** Lends a connection, at once or when one is free. Returns a function that stops waiting. */
  borrow(done: Done<Link>): () => void {
    if (this.#isClosed) {
      done(closed());
      return () => {};
    }
    for (const link of this.#idle.keys()) {
      this.#take(link);
      if (!link.isOpen) continue;
      this.#lent.add(link);
      done(undefined, link);
      return () => {};
    }
    if (this.#waiting.size >= this.#settings.server.maxWaiting) {
      const waiting = this.#waiting.size;
      done(
        mysqlFailure('ERR_MYSQL_BUSY', `${waiting} requests wait for a connection already`, {
          details: { waiting },
        }),
      );
      return () => {};
    }
    this.#waiting.add(done);
    this.#openMore();
    return () => void this.#waiting.delete(done);
  }

  /** Takes a connection back. */
  giveBack(link: Link): void {
    if (!this.#lent.delete(link)) return;
    if (this.#isClosed) void link.end();
    else if (link.isOpen) this.#hand(link);
    else this.#openMore();
  }

  /** Takes a connection back that has something under way which nobody waits for any more: it is closed. */
  abandon(link: Link): void {
    if (!this.#lent.delete(link)) return;
    void this.#kill(link);
    if (!this.#isClosed) this.#openMore();
  }

  /** Closes all; resolves when they are closed. What is under way fails. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const giveUp of this.#opening) giveUp();
    for (const done of this.#takeWaiting()) done(closed());
    const links = [...this.#idle.keys()];
    for (const link of links) this.#take(link);
    await Promise.all([
      ...links.map((link) => link.end()),
      ...[...this.#lent].map((link) => (link.pending === 0 ? link.end() : this.#kill(link))),
    ]);
  }

  #take(link: Link): void {
    clearTimeout(this.#idle.get(link));
    this.#idle.delete(link);
  }

  #takeWaiting(): Done<Link>[] {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return waiting;
  }

  #hand(link: Link): void {
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#waiting.delete(next);
      this.#lent.add(link);
      next(undefined, link);
      return;
    }
    const { idleTimeout } = this.#settings;
    const drop = (): void => {
      this.#take(link);
      void link.end();
    };
    this.#idle.set(link, idleTimeout === 0 ? undefined : setTimeout(drop, idleTimeout).unref());
    link.onLost = () => this.#take(link);
  }

  /** Opens a connection for each that waits, as many as may be. */
  #openMore(): void {
    const { connections } = this.#settings;
    while (
      this.#opening.size < this.#waiting.size &&
      this.#opening.size + this.#lent.size + this.#idle.size < connections
    ) {
      let isDone = false;
      let giveUp = (): void => {};
      giveUp = this.#open((failure, link) => {
        isDone = true;
        this.#opening.delete(giveUp);
        if (link !== undefined) {
          if (this.#isClosed) link.destroy();
          else this.#hand(link);
          return;
        }
        // Whoever waits would wait for the next one in vain.
        if (this.#lent.size === 0) for (const done of this.#takeWaiting()) done(failure);
        else {
          const [next] = this.#waiting;
          if (next !== undefined) {
            this.#waiting.delete(next);
            next(failure);
          }
        }
      });
      if (!isDone) this.#opening.add(giveUp);
    }
  }
}

function closed(): SkynetError {
  return mysqlFailure('ERR_MYSQL_CLOSED', 'the pool was closed');
}
