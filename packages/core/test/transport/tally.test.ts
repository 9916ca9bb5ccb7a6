import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tally } from '../../src/transport/tally.ts';

describe('a tally', () => {
  it('gives all of a network the same to call, which counts one of it away each time', () => {
    const tally = new Tally();
    tally.add('a');
    tally.add('a');
    const leave = tally.leaveOf('a');
    expect(tally.leaveOf('a')).toBe(leave);
    leave();
    expect([tally.total, tally.of('a')]).toEqual([1, 1]);
    leave();
    expect([tally.total, tally.of('a')]).toEqual([0, 0]);
  });

  it('counts like a list, whichever way its members leave', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', undefined), fc.constantFrom('add', 'remove', 'leave'));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const tally = new Tally();
        const there: { network: string | undefined; leave: () => void }[] = [];
        for (const [network, what] of steps) {
          if (what === 'add') {
            tally.add(network);
            there.push({ network, leave: tally.leaveOf(network) });
          } else {
            const at = there.findIndex((one) => one.network === network);
            if (at < 0) continue;
            const [gone] = there.splice(at, 1);
            if (what === 'leave') gone?.leave();
            else tally.remove(network);
          }
          expect(tally.total).toBe(there.length);
          for (const name of ['a', 'b'])
            expect(tally.of(name)).toBe(there.filter((one) => one.network === name).length);
        }
      }),
    );
  });
});
