import { ClientError } from './errors.ts';

/** What a client tells, by event. */
export interface ClientEvents {
  /** The first connection is there. */
  connected: { readonly index: number };
  /** The connection is lost; a new one is on its way. `error` is what the system said, if anything. */
  disconnected: { readonly error: Error | undefined };
  /** A new connection is there; `repeated` requests were sent once more. */
  reconnected: { readonly index: number; readonly repeated: number };
  /** The client has come to its end by itself: see `code`. */
  failed: ClientError;
  /** Something the server sent that is no answer. Each comes once, in order. */
  push: Uint8Array;
  /** So many pushes were given up by the server, because more waited for this client than it keeps. */
  missed: { readonly count: number };
}

/** Their names. */
export const EVENTS: readonly (keyof ClientEvents)[] = [
  'connected',
  'disconnected',
  'reconnected',
  'failed',
  'push',
  'missed',
];

type Listener<Name extends keyof ClientEvents> = (event: ClientEvents[Name]) => void;

/** Calls listeners. What one throws is thrown to the host, and concerns nobody else. */
export class Emitter {
  readonly #listeners = new Map<keyof ClientEvents, Set<(event: never) => void>>();

  /** Adds a listener; the function returned takes it away again. @throws ERR_CLIENT_ARGUMENT. */
  on<Name extends keyof ClientEvents>(name: Name, listener: Listener<Name>): () => void {
    if (!EVENTS.includes(name) || typeof listener !== 'function')
      throw new ClientError(
        'ERR_CLIENT_ARGUMENT',
        `a listener for one of ${EVENTS.join(', ')} is a function`,
      );
    const all = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, all);
    all.add(listener);
    return () => {
      all.delete(listener);
    };
  }

  emit<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as Listener<Name>)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
