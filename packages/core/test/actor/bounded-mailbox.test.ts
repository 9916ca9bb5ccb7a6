import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedMailbox, isBounded } from '../../src/actor/bounded-mailbox.ts';
import { ITEM } from '../../src/actor/mailbox.ts';
import { WorkTask } from '../../src/actor/task.ts';
import { Message } from '../../src/message.ts';
import { PTYPE } from '../../src/protocol.ts';

type Policy = 'reject' | 'drop-oldest' | 'drop-newest';

const TYPES = [...Object.values(PTYPE), 200];

/** What waits after a series of pushes and shifts, as a plain list would have it. */
function model(limit: number, policy: Policy, steps: readonly number[]) {
  const waiting: { id: number; type: number }[] = [];
  const refused: number[] = [];
  const taken: number[] = [];
  steps.forEach((type, id) => {
    if (type === 255) {
      const first = waiting.shift();
      if (first !== undefined) taken.push(first.id);
      return;
    }
    const counted = waiting.filter((item) => isBounded(item));
    if (isBounded({ type }) && counted.length === limit) {
      if (policy !== 'drop-oldest') {
        refused.push(id);
        return;
      }
      const oldest = counted[0] as { id: number; type: number };
      waiting.splice(waiting.indexOf(oldest), 1);
      refused.push(oldest.id);
    }
    waiting.push({ id, type });
  });
  return { waiting: waiting.map(({ id }) => id), refused, taken };
}

test.each<Policy>(['reject', 'drop-oldest', 'drop-newest'])(
  '%s does what a plain list would do',
  (policy) => {
    const steps = fc.array(fc.oneof(fc.constantFrom(...TYPES), fc.constant(ITEM.TASK), fc.constant(255)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, (limit, list) => {
        const refused: number[] = [];
        const ids = new Map<unknown, number>();
        const mailbox = new BoundedMailbox({ limit, policy }, (message) =>
          refused.push(ids.get(message) as number),
        );
        const taken: number[] = [];
        list.forEach((type, id) => {
          if (type === 255) {
            const item = mailbox.shift();
            if (item !== undefined) taken.push(ids.get(item) as number);
            return;
          }
          const item = type < 0 ? new WorkTask(() => {}, []) : new Message(type, id % 2, 0, []);
          ids.set(item, id);
          mailbox.push(item);
        });
        const waiting = [...mailbox].map((item) => ids.get(item) as number);
        expect({ waiting, refused, taken }).toEqual(model(limit, policy, list));
        expect(mailbox.length).toBe(waiting.length);
      }),
    );
  },
);
