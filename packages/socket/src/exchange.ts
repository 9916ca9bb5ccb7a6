import type { ThreadKernel } from '@skynet/core/kernel';
import type { Connection } from '@skynet/core/transport';
import { Hosted, obey } from './hosted.ts';
import type { Note } from './note.ts';
import { RemoteConnection } from './remote-connection.ts';

/** What a thread tells another about sockets besides notes about single connections. */
export type Order =
  | [op: 'fetch', id: number, ask: number]
  | [op: 'fetched', id: number, ask: number, found: Fetched | null]
  | [op: 'release', id: number, ask: number]
  | [op: 'released', ask: number, unread: Uint8Array | null];

/** A connection as it changes hands. */
export interface Fetched {
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly unread: Uint8Array;
}

/** A connection that has changed hands, and what was received and not read before. */
export interface Taken {
  readonly connection: Connection;
  readonly unread: Uint8Array;
}

/** Takes a socket out of a table; undefined if there is none that can change hands. */
export type Release = (id: number) => Taken | undefined;

const NOTES = '@skynet/socket notes';
const ORDERS = '@skynet/socket orders';

/** Sockets that change threads: the home of some, the holder of others. */
export class SocketExchange {
  readonly #thread: ThreadKernel;
  readonly #release: Release;
  readonly #hosted = new Map<number, Hosted>();
  readonly #held = new Map<number, RemoteConnection>();
  readonly #asked = new Map<number, { thread: number; done: (answer: never) => void }>();

  constructor(thread: ThreadKernel, release: Release) {
    this.#thread = thread;
    this.#release = release;
    thread.onPost(NOTES, (values) => this.#note(values as Note));
    thread.onPost(ORDERS, (values, from) => this.#order(values as Order, from));
    thread.onThreadLost((lost) => this.#threadLost(lost));
  }

  /** Whether an id may belong to another thread, or is held there. */
  isElsewhere(id: number): boolean {
    if (!Number.isInteger(id) || id < 1 || this.#thread.threads === 1) return false;
    return this.#thread.threadOf(id) !== this.#thread.number || this.#hosted.has(id);
  }

  /**
   * Brings a socket to this thread; undefined if there is none. `adopt` takes it over at once, before anything more is heard
   * of it.
   */
  async fetch<Adopted>(id: number, adopt: (taken: Taken) => Adopted): Promise<Adopted | undefined> {
    const home = this.#thread.threadOf(id);
    if (home !== this.#thread.number)
      return this.#ask(
        home,
        (ask) => ['fetch', id, ask],
        (taken: Taken | null) => (taken === null ? undefined : adopt(taken)),
      );
    const taken = await this.#takeBack(id);
    return taken === undefined ? undefined : adopt(taken);
  }

  /** Writes to, or closes with null, a connection of this thread that another holds. False if it is none. */
  deliver(id: number, bytes: Uint8Array | null): boolean {
    const hosted = this.#hosted.get(id);
    if (bytes === null) hosted?.connection.close();
    else hosted?.write(bytes);
    return hosted !== undefined;
  }

  /** Resolves to what `take` makes of the answer as soon as that comes; it is null when the thread is lost. */
  #ask<Answer, Result>(
    thread: number,
    order: (ask: number) => Order,
    take: (answer: Answer | null) => Result,
  ): Promise<Result> {
    // Unique in the node: what a lost thread had asked for may come to the one in its place.
    const ask = this.#thread.nextId();
    return new Promise((done) => {
      this.#asked.set(ask, { thread, done: (answer) => done(take(answer)) });
      this.#thread.post(thread, ORDERS, order(ask));
    });
  }

  #answered(ask: number, answer: unknown): void {
    const asked = this.#asked.get(ask);
    this.#asked.delete(ask);
    asked?.done(answer as never);
  }

  /** Takes a hosted connection away from its holder. */
  async #takeBack(id: number): Promise<Taken | undefined> {
    const hosted = this.#hosted.get(id);
    if (hosted === undefined) return undefined;
    hosted.pause();
    const unread = await this.#ask(
      hosted.holder,
      (ask) => ['release', id, ask],
      (bytes: Uint8Array | null) => bytes,
    );
    // Another has asked for it meanwhile, and has it.
    if (this.#hosted.get(id) !== hosted) return undefined;
    this.#hosted.delete(id);
    const late = hosted.leave();
    if (unread !== null) return { connection: hosted.connection, unread: Buffer.concat([unread, ...late]) };
    // Nobody has it.
    hosted.connection.close();
    return undefined;
  }

  async #lend(id: number, to: number): Promise<Fetched | null> {
    const taken = this.#release(id) ?? (await this.#takeBack(id));
    if (taken === undefined) return null;
    const { connection, unread } = taken;
    const hosted = new Hosted(
      id,
      connection,
      to,
      (note) => this.#thread.post(to, NOTES, note),
      () => void this.#hosted.delete(id),
    );
    this.#hosted.set(id, hosted);
    return { remoteAddress: connection.remoteAddress, localAddress: connection.localAddress, unread };
  }

  #order(order: Order, from: number): void {
    switch (order[0]) {
      case 'fetch': {
        const [, id, ask] = order;
        void this.#lend(id, from).then((found) => {
          this.#thread.post(from, ORDERS, ['fetched', id, ask, found]);
          // Only now, so that its first bytes come behind the answer.
          this.#hosted.get(id)?.start();
        });
        break;
      }
      case 'fetched': {
        const [, id, ask, found] = order;
        if (!this.#asked.has(ask)) break;
        // Before the first note about it arrives, which may be its last.
        this.#answered(
          ask,
          found === null ? null : { connection: this.#hold(id, found, from), unread: found.unread },
        );
        break;
      }
      case 'release': {
        const [, id, ask] = order;
        const held = this.#held.get(id)?.takeHeld() ?? [];
        this.#held.delete(id);
        const unread = this.#release(id)?.unread;
        const all = unread === undefined ? null : Buffer.concat([unread, ...held]);
        this.#thread.post(from, ORDERS, ['released', ask, all]);
        break;
      }
      case 'released':
        this.#answered(order[1], order[2]);
        break;
    }
  }

  #hold(id: number, found: Fetched, home: number): RemoteConnection {
    const held = new RemoteConnection(id, home, found.remoteAddress, found.localAddress, (note) =>
      this.#thread.post(home, NOTES, note),
    );
    this.#held.set(id, held);
    return held;
  }

  #note(note: Note): void {
    const id = note[1];
    const hosted = this.#hosted.get(id);
    if (hosted !== undefined) {
      obey(hosted, note);
      return;
    }
    const held = this.#held.get(id);
    held?.take(note);
    if (note[0] === 'closed') this.#held.delete(id);
  }

  #threadLost(lost: number): void {
    for (const hosted of [...this.#hosted.values()]) if (hosted.holder === lost) hosted.connection.destroy();
    for (const [id, held] of [...this.#held]) {
      if (held.home !== lost) continue;
      this.#held.delete(id);
      held.over();
    }
    for (const [ask, { thread }] of [...this.#asked]) if (thread === lost) this.#answered(ask, null);
  }
}
