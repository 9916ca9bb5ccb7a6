import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pending } from '../../src/actor/pending.ts';
import { SessionTable } from '../../src/actor/session-table.ts';

/** `back` counts from the newest session. */
type Step = { kind: 'wait' } | { kind: 'skip' } | { kind: 'take'; back: number };

// Few of the numbers wait, far apart from each other: so several of them want the same place of the table.
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'wait' as const }) },
  { weight: 6, arbitrary: fc.constant({ kind: 'skip' as const }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('take' as const), back: fc.nat(60) }) },
);

test('remembers what a Map remembers, whatever is put in and taken out between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const table = new SessionTable();
      const model = new Map<number, Pending>();
      let last = 0;
      for (const action of steps) {
        if (action.kind === 'take') {
          const session = last - action.back;
          expect(table.take(session)).toBe(model.get(session));
          model.delete(session);
        } else {
          const session = table.next();
          expect(session).toBe(last + 1);
          last = session;
          if (action.kind === 'wait') {
            const pending = new Pending(undefined, session, 0, undefined);
            table.add(pending);
            model.set(session, pending);
          }
        }
        expect(table.size).toBe(model.size);
      }
      for (let session = 0; session <= last + 1; session++)
        expect(table.has(session)).toBe(model.has(session));
      expect(table.all()).toEqual([...model.values()]);
    }),
  );
});

test('many that wait at once are all found, in any order of answers', () => {
  const table = new SessionTable();
  const sessions = Array.from({ length: 5000 }, () => {
    const session = table.next();
    table.add(new Pending(undefined, session, 0, undefined));
    return session;
  });
  for (const session of sessions.toReversed()) expect(table.take(session)?.session).toBe(session);
  expect(table.size).toBe(0);
  expect(table.next()).toBe(5001);
});
