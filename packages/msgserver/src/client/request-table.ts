import { ACK_SESSION, encodeRequest } from '../wire.ts';
import { ClientError } from './errors.ts';
import { frameOf } from './frames.ts';

/** A request that is not answered yet. */
export interface PendingRequest {
  readonly session: number;
  /** As it goes over the wire. */
  readonly frame: Uint8Array;
  /** Once, with the answer or the reason why there is none. */
  readonly settle: (answer: Uint8Array | ClientError) => void;
}

/**
 * Requests by session: those sent, in the order of sending, and those that wait for their turn. A request keeps its
 * session over all connections, and a session is not used again while the server could remember it.
 */
export class RequestTable {
  readonly #window: number;
  readonly #queue: number;
  readonly #sent = new Map<number, PendingRequest>();
  readonly #waiting = new Map<number, PendingRequest>();
  #next: number;

  /**
   * @param window Requests sent and not answered, at most.
   * @param queue Requests that wait, at most.
   * @param first The first session.
   */
  constructor(window: number, queue: number, first: number) {
    this.#window = window;
    this.#queue = queue;
    this.#next = first;
  }

  /** Requests not answered. */
  get size(): number {
    return this.#sent.size + this.#waiting.size;
  }

  /** Requests sent and not answered. */
  get inFlight(): number {
    return this.#sent.size;
  }

  /** @throws ERR_CLIENT_BUSY. */
  add(content: string | Uint8Array, settle: PendingRequest['settle']): PendingRequest {
    if (this.#waiting.size >= this.#queue) {
      throw new ClientError('ERR_CLIENT_BUSY', `${this.#queue} requests wait for their turn already`, {
        details: { limit: this.#queue },
      });
    }
    const session = this.#takeSession();
    const request = { session, frame: frameOf(encodeRequest(content, session)), settle };
    this.#waiting.set(session, request);
    return request;
  }

  #takeSession(): number {
    do {
      this.#next = this.#next >= ACK_SESSION - 1 ? 1 : this.#next + 1;
    } while (this.#sent.has(this.#next) || this.#waiting.has(this.#next));
    return this.#next;
  }

  /** Requests whose turn it is, as far as the window goes; they count as sent. */
  *due(): Generator<PendingRequest> {
    for (const [session, request] of this.#waiting) {
      if (this.#sent.size >= this.#window) return;
      this.#waiting.delete(session);
      this.#sent.set(session, request);
      yield request;
    }
  }

  /** All that were sent, to be sent once more on a new connection. */
  sent(): PendingRequest[] {
    return [...this.#sent.values()];
  }

  /** The request of a session, which is forgotten; undefined if there is none, or no more. */
  take(session: number): PendingRequest | undefined {
    const request = this.#sent.get(session) ?? this.#waiting.get(session);
    this.#sent.delete(session);
    this.#waiting.delete(session);
    return request;
  }

  /** Forgets all. */
  clear(): PendingRequest[] {
    const all = [...this.#sent.values(), ...this.#waiting.values()];
    this.#sent.clear();
    this.#waiting.clear();
    return all;
  }
}
