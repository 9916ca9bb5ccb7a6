import { type HasSession, SessionMap } from '@skynet/core/kernel';

/** An answer that is kept, or is still being worked on. */
export interface Answer extends HasSession {
  /** What was answered; undefined while the handler runs. */
  payload: Uint8Array | undefined;
  /** The user's handshake at the time of the answer or of the last repetition; 0: none of these yet. */
  version: number;
  /** Connection that waits for the answer; 0: none, it was given. */
  fd: number;
  /** The running count at that time. */
  index: number;
}

/** What to do with a request: run it, answer again, wait for the handler that runs, or refuse it. */
export type Verdict = 'run' | 'repeat' | 'wait' | 'conflict';

/**
 * Answers of one user by session, so that one which got lost with a connection can be had again (book §15.4). Of the
 * answers given, the latest N to 2N are kept.
 *
 * ```
 * no entry                          ──> run
 * entry of this handshake, answered ──> forget it, run: the session is used again
 * entry of this handshake, pending  ──> forget it, conflict
 * entry of another one, answered    ──> repeat
 * entry of another one, pending     ──> wait: the answer goes to the connection that asked last
 * ```
 *
 * A pending entry has no handshake until it is asked for again, so one repetition on the same connection waits and
 * only the next one is a conflict, as in the original.
 *
 * Where the client promises never to use a session again (`once`) every entry is repeated or waited for: an answer that
 * became ready between a handshake and the repetition behind it would be taken for one of this handshake otherwise, and
 * the request would run twice. Repetitions do not count there, so that none pushes out what was never received.
 */
export class History {
  readonly #keep: number;
  readonly #answers = new SessionMap<Answer>();
  #count = 0;

  /** @param keep N: how many answers are kept at least. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Number of answers kept or pending. */
  get size(): number {
    return this.#answers.size;
  }

  /** What to do with a request that came by `fd`, the user being at handshake `version`. */
  take(session: number, fd: number, version: number, once = false): { verdict: Verdict; answer: Answer } {
    const known = this.#answers.get(session);
    if (known !== undefined && (once || known.version !== version)) {
      known.fd = fd;
      known.version = version;
      known.index = this.#count;
      return { verdict: known.payload === undefined ? 'wait' : 'repeat', answer: known };
    }
    if (known !== undefined) {
      this.#answers.take(session);
      if (known.payload === undefined) return { verdict: 'conflict', answer: known };
    }
    const answer: Answer = { session, payload: undefined, version: 0, fd, index: 0 };
    this.#answers.add(answer);
    return { verdict: 'run', answer };
  }

  /** The handler has finished. */
  complete(answer: Answer, payload: Uint8Array, version: number): void {
    answer.payload = payload;
    answer.version = version;
    answer.index = this.#count;
  }

  /** An answer was given, or kept because its connection is gone. */
  given(answer: Answer, counts = true): void {
    answer.fd = 0;
    if (!counts) return;
    this.#count++;
    if (this.#count >= this.#keep * 2) this.#retire();
  }

  /** Forgets an entry, if it is the one of its session. */
  forget(answer: Answer): void {
    if (this.#answers.get(answer.session) === answer) this.#answers.take(answer.session);
  }

  #retire(): void {
    let largest = 0;
    for (const answer of this.#answers.all()) {
      if (answer.fd !== 0) continue;
      if (answer.index < this.#keep) this.#answers.take(answer.session);
      else {
        answer.index -= this.#keep;
        largest = Math.max(largest, answer.index);
      }
    }
    this.#count = largest + 1;
  }
}
