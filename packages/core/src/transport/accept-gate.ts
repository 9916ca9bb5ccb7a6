import type { SkynetError } from '../errors.ts';
import type { Connection, ListenOptions } from './contract.ts';
import { Tally } from './tally.ts';

/** Connections that may wait to be accepted; the system cuts it down to what it allows. */
export const DEFAULT_BACKLOG: number = 4096;

/** Failures are told no closer together, in milliseconds. */
const TELL_EVERY = 1000;

function limitOf(given: number | undefined): number {
  return given === undefined || given === 0 ? Number.POSITIVE_INFINITY : given;
}

/**
 * Hands out what a listener accepted, unless it is paused, and knows how many it may. Who comes in is counted by an
 * {@link Entrance} in front of it.
 */
export class AcceptGate {
  /** Connections at the same time, in all and of one network. */
  readonly maxConnections: number;
  /** Infinity for no limit, as above. */
  readonly maxPerAddress: number;
  /** What the listener was told, or undefined. */
  readonly handshakeTimeout: number | undefined;
  /** Those that were handed out, or wait to be. */
  readonly tally: Tally = new Tally();
  readonly #accept: (connection: Connection) => void;
  readonly #onError: (error: SkynetError) => void;
  readonly #limit: number;
  #waiting: Connection[] | undefined;
  #closed = false;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: ListenOptions, accept: (connection: Connection) => void) {
    this.#accept = accept;
    this.#onError = options.onAcceptError ?? ((): void => {});
    this.#limit = options.backlog ?? DEFAULT_BACKLOG;
    this.maxConnections = limitOf(options.maxConnections);
    this.maxPerAddress = limitOf(options.maxPerAddress);
    this.handshakeTimeout = options.handshakeTimeout;
  }

  /** Whether the number is limited, in all or for a network. */
  get limited(): boolean {
    return Math.min(this.maxConnections, this.maxPerAddress) < Number.POSITIVE_INFINITY;
  }

  /** How many more may come. */
  get room(): number {
    return Math.max(0, this.maxConnections - this.tally.total);
  }

  /** How many more of one network. */
  roomFor(network: string): number {
    return Math.max(0, this.maxPerAddress - this.tally.of(network));
  }

  /** Hands a connection out; while paused it waits, as many as the backlog holds. */
  pass(connection: Connection): void {
    if (this.#closed) connection.destroy();
    else if (this.#waiting === undefined) this.#accept(connection);
    else if (this.#waiting.length < this.#limit) this.#waiting.push(connection);
    else connection.destroy();
  }

  /** Tells of a failure to accept, at most once a second. */
  tell(error: SkynetError): void {
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = now;
    this.#onError(error);
  }

  /** Hands out no more until {@link resume}. */
  pause(): void {
    this.#waiting ??= [];
  }

  /** Hands out what waits, and goes on. */
  resume(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const connection of waiting ?? []) this.pass(connection);
  }

  /** Destroys what waits, and whatever still comes. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#waiting?.splice(0) ?? []) connection.destroy();
  }
}
