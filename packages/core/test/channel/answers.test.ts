import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answer, HostRound, OrderedAnswers, Pauses, SessionAnswers } from '../../src/channel/index.ts';

/** Who waits, and what it got. */
class Outcome {
  got: unknown = 'nothing';
  readonly resolve = (value: unknown): void => {
    this.got = value;
  };
  readonly reject = (error: unknown): void => {
    this.got = { error };
  };
}

function outcomes(count: number): Outcome[] {
  return Array.from({ length: count }, () => new Outcome());
}

describe('answers in order', () => {
  test('go to those who wait, first to first, parts as a list', async () => {
    const stream: Answer[] = [
      [true, 'a'],
      [false, 'no'],
      [true, 1, true],
      [true, 2],
    ];
    const answers = new OrderedAnswers<Answer[]>();
    const waiting = outcomes(3);
    for (const each of waiting) answers.expect((source) => source.shift() as Answer, each);
    await answers.read(stream);
    expect(waiting.map(({ got }) => got)).toEqual(['a', { error: 'no' }, [1, 2]]);
    expect(answers.size).toBe(0);
  });

  test('one that nobody waits for any more is read and thrown away', async () => {
    const answers = new OrderedAnswers<Answer[]>();
    const [late, next] = outcomes(2) as [Outcome, Outcome];
    const take = (source: Answer[]): Answer => source.shift() as Answer;
    answers.expect(take, late).abandon();
    answers.expect(take, next);
    await answers.read([
      [true, 'late', true],
      [true, 'later'],
      [true, 'mine'],
    ]);
    expect([late.got, next.got]).toEqual(['nothing', 'mine']);
  });

  test('a reader that throws stops the reading; all that wait can be failed, once', async () => {
    const answers = new OrderedAnswers<undefined>();
    const waiting = outcomes(3);
    for (const each of waiting) answers.expect(() => Promise.reject(new Error('bad')), each);
    await expect(answers.read(undefined)).rejects.toThrow('bad');
    expect([answers.size, answers.reading]).toEqual([3, false]);
    answers.fail(
      () => 'first',
      () => 'others',
    );
    expect(waiting.map(({ got }) => got)).toEqual([
      { error: 'first' },
      { error: 'others' },
      { error: 'others' },
    ]);
    expect(answers.size).toBe(0);
  });

  test('many of them cost no more than those that wait', async () => {
    const answers = new OrderedAnswers<undefined>();
    let served = 0;
    const one = { resolve: () => served++, reject: () => {} };
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 100; i++) answers.expect(() => [true], one);
      await answers.read(undefined);
    }
    expect([served, answers.size]).toEqual([5000, 0]);
  });
});

describe('answers by session', () => {
  test('any value is a session; 2 is not "2"', () => {
    const answers = new SessionAnswers<unknown>();
    const key = {};
    const sessions = [2, '2', key, Number.NaN, null, false];
    const waiting = outcomes(sessions.length);
    sessions.forEach((session, index) => void answers.expect(session, waiting[index] as Outcome));
    for (const [index, session] of sessions.entries())
      expect(answers.take(session, [true, index])).toBe(true);
    expect(waiting.map(({ got }) => got)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(answers.take(2, [true])).toBe(false);
  });

  test('a session whose answer is to come is not used again, also when nobody waits for it', () => {
    const answers = new SessionAnswers<number>();
    const [late, mine] = outcomes(2) as [Outcome, Outcome];
    const expected = answers.expect(1, late);
    expect(answers.expect(1, mine)).toBeUndefined();
    if (expected !== undefined) answers.abandon(expected);
    expect(answers.expect(1, mine)).toBeUndefined();
    expect(answers.size).toBe(0);
    expect(answers.take(1, [true, 'late'])).toBe(true);
    expect(answers.expect(1, mine)).toBeDefined();
    answers.take(1, [true, 'mine']);
    expect([late.got, mine.got]).toEqual(['nothing', 'mine']);
  });

  test('what never comes is forgotten when there is much of it', () => {
    const answers = new SessionAnswers<number>();
    for (let session = 0; session < 5000; session++) {
      const expected = answers.expect(session, new Outcome());
      if (expected !== undefined) answers.abandon(expected);
    }
    expect(answers.size).toBe(0);
    expect(answers.take(0, [true])).toBe(false);
    expect(answers.take(4999, [true])).toBe(true);
  });

  test('whatever the order of the answers and their parts, each reaches its own', () => {
    const plan = fc.array(fc.array(fc.integer(), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(plan, fc.infiniteStream(fc.nat()), (parts, order) => {
        const answers = new SessionAnswers<number>();
        const waiting = outcomes(parts.length);
        parts.forEach((_, session) => void answers.expect(session, waiting[session] as Outcome));
        const left = parts.map((values) => [...values]);
        const open = parts.map((_, session) => session);
        for (const random of order) {
          if (open.length === 0) break;
          const at = random % open.length;
          const session = open[at] as number;
          const values = left[session] as number[];
          const value = values.shift();
          answers.take(session, [true, value, values.length > 0]);
          if (values.length === 0) open.splice(at, 1);
        }
        expect(waiting.map(({ got }) => got)).toEqual(
          parts.map((values) => (values.length === 1 ? values[0] : values)),
        );
      }),
    );
  });
});

test('pauses begin again after the last, and after a success', () => {
  const pauses = new Pauses([0, 10, 20]);
  expect([1, 2, 3, 4].map(() => pauses.next())).toEqual([
    { pause: 0, last: false },
    { pause: 10, last: false },
    { pause: 20, last: true },
    { pause: 0, last: false },
  ]);
  pauses.reset();
  expect(pauses.next().pause).toBe(0);
});

test('a round tries no host twice, and takes more while it goes on', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }));
  const round = new HostRound([a, b, a] as never);
  expect(round.next()).toBe(a);
  round.add([b, c, { host: 'a', port: 2 }] as never);
  expect([round.next(), round.next(), round.next(), round.next()]).toEqual([
    b,
    c,
    { host: 'a', port: 2 },
    undefined,
  ]);
});
