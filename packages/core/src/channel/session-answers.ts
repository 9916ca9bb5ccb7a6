import { type Answer, Expected, type Waiter } from './answer.ts';

/** Sessions nobody waits for that are remembered; the oldest is forgotten first. */
const REMEMBERED = 1024;

/** The answers of one connection where each carries the session of its request. Any value can be a session; 2 is not "2". */
export class SessionAnswers<Session> {
  readonly #expected = new Map<Session, Expected<Session>>();
  readonly #abandoned = new Set<Session>();

  /** Answers that somebody waits for. */
  get size(): number {
    return this.#expected.size - this.#abandoned.size;
  }

  /**
   * One more answer; undefined when one of that session is still to come, also when nobody waits for it any more: the two
   * could not be told apart.
   */
  expect(session: Session, waiter: Waiter): Expected<Session> | undefined {
    if (this.#expected.has(session)) return undefined;
    const expected = new Expected(session, waiter);
    this.#expected.set(session, expected);
    return expected;
  }

  /** Takes an answer. Whether one of that session is expected. */
  take(session: Session, answer: Answer): boolean {
    const expected = this.#expected.get(session);
    if (expected === undefined) return false;
    if (expected.take(answer)) this.#forget(session);
    return true;
  }

  /** Nobody waits for it any more. When it comes it is thrown away. */
  abandon(expected: Expected<Session>): void {
    const { key } = expected;
    if (this.#expected.get(key) !== expected) return;
    expected.abandon();
    this.#abandoned.add(key);
    if (this.#abandoned.size <= REMEMBERED) return;
    for (const oldest of this.#abandoned) {
      this.#forget(oldest);
      break;
    }
  }

  #forget(session: Session): void {
    this.#expected.delete(session);
    this.#abandoned.delete(session);
  }

  /** None of them comes; each fails with an error of its own. */
  fail(error: () => unknown): void {
    const failing = [...this.#expected.values()];
    this.#expected.clear();
    this.#abandoned.clear();
    for (const each of failing) each.fail(error());
  }
}
