import type { Handle } from '@skynet/core';
import { type HasSession, SessionMap } from '@skynet/core/kernel';
import { writeAnswer } from './answer.ts';
import { Slab } from './slab.ts';
import { ANSWER_TAIL, RESULT } from './wire.ts';

/** An answer that is kept, or is still being worked on. Those that are forgotten are used again, for later ones. */
export class Answer implements HasSession {
  session: number;
  /** Connection that waits for the answer; 0: none, it was given. */
  fd: number;
  /** The user's handshake at the time of the answer or of the last repetition; 0: none of these yet. */
  version = 0;
  /** How many had been given at that time. */
  index = 0;
  /** Whether it is found by its session. One that was forgotten may still be worked on. */
  isKept = true;
  /** Whether it has been answered. What, stands at `at` of the memory. */
  isDone = false;
  memory: ArrayBufferLike | undefined = undefined;
  at = 0;
  size = 0;
  /** While an agent works on it: which one, and by which connection it came. */
  agent: Handle = 0;
  link: object | undefined = undefined;
  /** Its neighbours among those that were given. */
  before: Answer | undefined = undefined;
  behind: Answer | undefined = undefined;

  constructor(session: number, fd: number) {
    this.session = session;
    this.fd = fd;
  }

  /** What was answered, as it goes over the wire. It lies in memory that is not written again. */
  get payload(): Uint8Array | undefined {
    const { memory } = this;
    return memory === undefined ? undefined : new Uint8Array(memory, this.at, this.size);
  }
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
 *
 * Nothing is allocated for a request once there are 2N: an entry that is forgotten becomes the next one, and its bytes lie in
 * a {@link Slab}. As objects of their own both would grow old, and cost the collector more than all else that a request makes.
 */
export class History {
  readonly #keep: number;
  readonly #answers = new SessionMap<Answer>();
  #slab: Slab | undefined = undefined;
  /** Those that were given and are found, in the order of their indices. */
  #oldest: Answer | undefined = undefined;
  #latest: Answer | undefined = undefined;
  /** Those to be used again, chained by `behind`. */
  #spare: Answer | undefined = undefined;
  /** How many were given in all, as the original counts, and where its count begins. */
  #count = 0;
  #base = 0;

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
    if (known === undefined) return { verdict: 'run', answer: this.#add(session, fd) };
    if (once || known.version !== version) {
      known.fd = fd;
      known.version = version;
      known.index = this.#count;
      if (!known.isDone) return { verdict: 'wait', answer: known };
      this.#unlink(known);
      return { verdict: 'repeat', answer: known };
    }
    if (!known.isDone) {
      this.forget(known);
      return { verdict: 'conflict', answer: known };
    }
    this.#unlink(known);
    this.#drop(known);
    return { verdict: 'run', answer: this.#add(session, fd) };
  }

  /** The handler has finished; the content is copied. */
  complete(answer: Answer, content: Uint8Array, version: number, result: number = RESULT.ok): void {
    this.#slab ??= new Slab();
    const slab = this.#slab;
    answer.size = content.length + ANSWER_TAIL;
    answer.at = slab.reserve(answer.size);
    answer.memory = slab.memory;
    writeAnswer(slab.block, answer.at, content, result, answer.session);
    answer.isDone = true;
    answer.version = version;
    answer.index = this.#count;
  }

  /** An answer was given, or kept because its connection is gone. One that is not kept is not to be used any more. */
  given(answer: Answer, counts = true): void {
    answer.fd = 0;
    if (answer.isKept) this.#link(answer);
    if (!counts) return;
    this.#count++;
    if (this.#count - this.#base >= this.#keep * 2) this.#retire();
  }

  /** Forgets an entry that is pending, if it is the one of its session. */
  forget(answer: Answer): void {
    if (!answer.isKept) return;
    answer.isKept = false;
    this.#answers.take(answer.session);
  }

  /** An entry for a session that has none. */
  #add(session: number, fd: number): Answer {
    let answer = this.#spare;
    if (answer === undefined) answer = new Answer(session, fd);
    else {
      this.#spare = answer.behind;
      answer.behind = undefined;
      answer.session = session;
      answer.fd = fd;
      answer.version = 0;
    }
    this.#answers.add(answer);
    return answer;
  }

  /** The original goes through all of them, forgets those below N, and takes N from the others' indices. */
  #retire(): void {
    this.#base += this.#keep;
    for (
      let answer = this.#oldest;
      answer !== undefined && answer.index < this.#base;
      answer = this.#oldest
    ) {
      this.#unlink(answer);
      this.#drop(answer);
    }
    this.#count = Math.max(this.#base, this.#latest?.index ?? 0) + 1;
  }

  /** Forgets one that was given, and that nobody works on any more. */
  #drop(answer: Answer): void {
    this.#answers.take(answer.session);
    answer.isDone = false;
    answer.memory = undefined;
    answer.behind = this.#spare;
    this.#spare = answer;
  }

  #link(answer: Answer): void {
    const latest = this.#latest;
    answer.before = latest;
    if (latest === undefined) this.#oldest = answer;
    else latest.behind = answer;
    this.#latest = answer;
  }

  #unlink(answer: Answer): void {
    const { before, behind } = answer;
    if (before === undefined) this.#oldest = behind;
    else before.behind = behind;
    if (behind === undefined) this.#latest = before;
    else behind.before = before;
    answer.before = undefined;
    answer.behind = undefined;
  }
}
