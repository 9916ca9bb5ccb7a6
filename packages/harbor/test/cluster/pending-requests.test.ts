import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PendingRequest, PendingRequests } from '../../src/cluster/pending-requests.ts';

const step = fc.record({
  what: fc.constantFrom('add', 'take', 'find', 'takeAll'),
  session: fc.nat(40),
  source: fc.nat(2),
});

test('it holds what a table and a list in order hold', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const pending = new PendingRequests<number>();
      const model = new Map<number, PendingRequest<number>>();
      let ticket = 0;
      for (const { what, session, source } of steps) {
        if (what === 'add' && !model.has(session)) {
          const request = new PendingRequest(session, source, ++ticket % 20, session);
          pending.add(request);
          model.set(session, request);
        } else if (what === 'take') {
          expect(pending.take(session)).toBe(model.get(session));
          model.delete(session);
        } else if (what === 'find') {
          const found = [...model.values()].find(
            (request) => request.source === source && request.ticket === session % 20,
          );
          expect(pending.find(source, session % 20)).toBe(found);
        } else if (what === 'takeAll') {
          const all = [...model.values()];
          expect(pending.takeAll()).toEqual(all);
          // What is gone leads nowhere.
          for (const { older, younger } of all) expect([older, younger]).toEqual([undefined, undefined]);
          model.clear();
        }
        expect(pending.size).toBe(model.size);
        expect(pending.get(session)).toBe(model.get(session));
      }
    }),
  );
});
