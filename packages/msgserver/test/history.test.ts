import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAnswer } from '../src/answer.ts';
import { type Answer, History, type Verdict } from '../src/history.ts';
import { RESULT } from '../src/wire.ts';

const KEEP = 4;

/** What the original does, word for word: it goes through all answers when twice as many as are kept were given. */
class OriginalHistory {
  readonly #answers = new Map<number, { version: number; fd: number; index: number; done: boolean }>();
  #count = 0;

  get size(): number {
    return this.#answers.size;
  }

  take(session: number, fd: number, version: number, once: boolean): Verdict {
    const known = this.#answers.get(session);
    if (known !== undefined && (once || known.version !== version)) {
      Object.assign(known, { fd, version, index: this.#count });
      return known.done ? 'repeat' : 'wait';
    }
    if (known !== undefined) {
      this.#answers.delete(session);
      if (!known.done) return 'conflict';
    }
    this.#answers.set(session, { version: 0, fd, index: 0, done: false });
    return 'run';
  }

  forget(session: number, entry: unknown): void {
    if (this.#answers.get(session) === entry) this.#answers.delete(session);
  }

  entry(session: number) {
    return this.#answers.get(session);
  }

  complete(
    entry: { version: number; fd: number; index: number; done: boolean } | undefined,
    version: number,
  ): void {
    if (entry !== undefined) Object.assign(entry, { version, index: this.#count, done: true });
  }

  given(entry: { fd: number } | undefined, counts: boolean): void {
    if (entry !== undefined) entry.fd = 0;
    if (!counts) return;
    this.#count++;
    if (this.#count < KEEP * 2) return;
    let largest = 0;
    for (const [session, answer] of this.#answers) {
      if (answer.fd !== 0) continue;
      if (answer.index < KEEP) this.#answers.delete(session);
      else {
        answer.index -= KEEP;
        largest = Math.max(largest, answer.index);
      }
    }
    this.#count = largest + 1;
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('ask' as const), session: fc.nat(12) }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('answer' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('handshake' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('forget' as const), which: fc.nat() }) },
);

describe('the answers of a user', () => {
  it.each([false, true])('are kept and forgotten as in the original (sessions once: %s)', (once) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const history = new History(KEEP);
        const original = new OriginalHistory();
        const open: { answer: Answer; entry: ReturnType<OriginalHistory['entry']> }[] = [];
        const given = new Map<object | undefined, Uint8Array>();
        const sent: { payload: Uint8Array | undefined; expected: Uint8Array }[] = [];
        let version = 1;
        for (const [at, action] of steps.entries()) {
          if (action.what === 'handshake') version++;
          else if (action.what === 'ask') {
            const { verdict, answer } = history.take(action.session, version, version, once);
            expect(verdict).toBe(original.take(action.session, version, version, once));
            const entry = original.entry(action.session);
            if (verdict === 'run') open.push({ answer, entry });
            if (verdict === 'repeat') {
              sent.push({ payload: answer.payload, expected: given.get(entry) as Uint8Array });
              history.given(answer, !once);
              original.given(entry, !once);
            }
          } else if (open.length > 0) {
            const [{ answer, entry }] = open.splice(action.which % open.length, 1) as [(typeof open)[0]];
            if (action.what === 'forget') {
              history.forget(answer);
              original.forget(answer.session, entry);
            } else {
              // Small ones and large ones, and enough of them for several blocks of memory.
              const content = Buffer.alloc(action.which % 7 === 0 ? 1100 : action.which % 97, at);
              const expected = encodeAnswer(content, RESULT.ok, answer.session);
              history.complete(answer, content, version);
              content.fill(255);
              given.set(entry, expected);
              sent.push({ payload: answer.payload, expected });
              original.complete(entry, version);
              history.given(answer);
              original.given(entry, true);
            }
          }
          expect(history.size).toBe(original.size);
        }
        // What was given stays as it was, though entries are used again.
        for (const { payload, expected } of sent)
          expect(Buffer.from(payload ?? []).equals(expected)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
