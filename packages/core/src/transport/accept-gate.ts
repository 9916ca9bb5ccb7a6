import type { SkynetError } from '../errors.ts';
import type { Connection, ListenOptions } from './contract.ts';

/** Connections that may wait to be accepted; the system cuts it down to what it allows. */
export const DEFAULT_BACKLOG: number = 4096;

/** Failures are told no closer together, in milliseconds. */
const TELL_EVERY = 1000;

/** Hands out what a listener accepted, unless it is paused. */
export class AcceptGate {
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
  }

  pass(connection: Connection): void {
    if (this.#closed) connection.destroy();
    else if (this.#waiting === undefined) this.#accept(connection);
    else if (this.#waiting.length < this.#limit) this.#waiting.push(connection);
    else connection.destroy();
  }

  tell(error: SkynetError): void {
    const now = performance.now();
    if (now - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = now;
    this.#onError(error);
  }

  pause(): void {
    this.#waiting ??= [];
  }

  resume(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const connection of waiting ?? []) this.pass(connection);
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#waiting?.splice(0) ?? []) connection.destroy();
  }
}
