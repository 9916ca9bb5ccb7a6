import { setTimeout as pause } from 'node:timers/promises';
import type { Change, Store } from './store.ts';

/** Milliseconds between two tries. */
const PAUSE = 200;
/** Milliseconds for being told what is there. */
const TELL_TIME = 5000;

/** Who hears of what a store keeps. */
export interface FollowerWatcher {
  changed(change: Change): void;
  /** All that is there has been told of: these nodes, these names. */
  all(nodes: ReadonlySet<number>, names: ReadonlySet<string>): void;
  /** What NATS keeps is not what it kept: its revisions begin anew. */
  forgotten(): void;
}

/**
 * Follows what a store keeps. Where NATS does not answer, or has forgotten that somebody follows, it begins anew, as often as
 * need be: with a cluster of servers the one that tells of changes may be lost without anybody saying so.
 */
export class Follower {
  readonly #store: Store;
  readonly #watcher: FollowerWatcher;
  /** When what is followed was made, and the newest revision that was told of. */
  #made: string | undefined;
  #seen = 0;
  /** A revision that should have been told of by the next look. */
  #expected = 0;
  /** Of what is followed now; another one ends what was begun under it. */
  #number = 0;
  #ended: (() => void) | undefined;
  #isOver = false;

  constructor(store: Store, watcher: FollowerWatcher) {
    this.#store = store;
    this.#watcher = watcher;
  }

  /** Begins. Resolves when all that is there has been told of. */
  begin(): Promise<void> {
    return new Promise((resolve) => void this.#run(resolve));
  }

  /** Sees everything anew. */
  again(): void {
    this.#number++;
    this.#ended?.();
  }

  stop(): void {
    this.#isOver = true;
    this.again();
  }

  /** Begins anew if what is there has not been told of since the last look. @throws when NATS does not answer. */
  async look(): Promise<void> {
    const { made, last } = await this.#store.state();
    if (this.#isOver) return;
    const isBehind = this.#seen < this.#expected || (this.#made !== undefined && this.#made !== made);
    this.#expected = isBehind ? 0 : last;
    if (isBehind) this.again();
  }

  async #run(seen: () => void): Promise<void> {
    while (!this.#isOver) {
      const number = ++this.#number;
      const ended = new Promise<void>((resolve) => {
        this.#ended = resolve;
      });
      // What is under way may take its time to fail.
      await Promise.race([this.#follow(number, seen).catch(() => {}), ended]);
      if (number === this.#number) await pause(PAUSE);
    }
  }

  async #follow(number: number, seen: () => void): Promise<void> {
    const isCurrent = (): boolean => number === this.#number;
    const limit = setTimeout(() => {
      if (isCurrent()) this.again();
    }, TELL_TIME);
    limit.unref();
    let stop = (): void => {};
    try {
      const { made } = await this.#store.state();
      const watched = await this.#store.watch();
      stop = watched.stop;
      if (!isCurrent()) return;
      const isAnother = this.#made !== undefined && this.#made !== made;
      this.#made = made;
      if (isAnother) {
        this.#seen = 0;
        this.#watcher.forgotten();
      }
      const nodes = new Set<number>();
      const names = new Set<string>();
      let isAll = false;
      for await (const change of watched.changes) {
        if (!isCurrent()) return;
        if (!isAll && change.what === 'node') nodes.add(change.id);
        if (!isAll && change.what === 'name') names.add(change.name);
        this.#seen = Math.max(this.#seen, change.revision);
        this.#watcher.changed(change);
        if (isAll || !change.isAll) continue;
        isAll = true;
        clearTimeout(limit);
        this.#watcher.all(nodes, names);
        seen();
      }
    } finally {
      clearTimeout(limit);
      stop();
    }
  }
}
