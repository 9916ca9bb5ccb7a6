import type { EventName } from '../contract.ts';
import type { KickReason } from '../wire.ts';
import { clientError, type PlayerError } from './errors.ts';

/** What a client tells besides pushes. */
export interface PlayerEvents {
  /** The player is logged in and has a connection, for the first time. */
  connected: undefined;
  /** The connection is lost; another is on its way. */
  lost: { readonly error: Error | undefined };
  /**
   * There is a connection again. `fresh`: by a new login, as the server has closed or forgotten the former one; what was
   * pushed meanwhile is missed then, and what was under way failed with ERR_PLAYER_LOST.
   */
  resumed: { readonly fresh: boolean };
  /** The server has ended the login and says why. The client has come to its end. */
  kicked: { readonly reason: KickReason; readonly text: string };
  /** So many pushes were given up by the server, because more waited for this client than it keeps. */
  missed: { readonly count: number };
  /** The client has come to its end by itself. */
  failed: PlayerError;
}

const EVENTS: readonly EventName[] = ['connected', 'lost', 'resumed', 'kicked', 'missed', 'failed'];

/** Calls listeners, of events and of pushes. What one throws is thrown to the host, and concerns nobody else. */
export class Emitter {
  readonly #listeners = new Map<string, Set<(value: never) => void>>();

  /** Adds a listener; the function returned takes it away. @throws ERR_PLAYER_ARGUMENT. */
  on(name: string, listener: (value: never) => void): () => void {
    if (typeof name !== 'string' || typeof listener !== 'function')
      throw clientError('ERR_PLAYER_ARGUMENT', 'a listener is a function for a name');
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all);
    all.add(listener);
    return () => {
      all.delete(listener);
    };
  }

  emit<Name extends keyof PlayerEvents>(name: Name, event: PlayerEvents[Name]): void {
    this.#call(name, event);
  }

  /** A push; one with the name of an event is nobody's. */
  push(name: string, value: unknown): void {
    if (!(EVENTS as readonly string[]).includes(name)) this.#call(name, value);
  }

  #call(name: string, value: unknown): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (value: unknown) => void)(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
