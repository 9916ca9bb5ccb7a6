import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Desk, type DeskHolder, giveUpDesk, takeDesk } from '../../src/actor/desk.ts';
import { WorkTask } from '../../src/actor/task.ts';

class Holder implements DeskHolder {
  desk: Desk | undefined;
  isBusy = false;

  get isIdle(): boolean {
    return !this.isBusy;
  }

  leaveDesk(): void {
    this.desk = undefined;
  }

  /** Begins to work. */
  begin(): void {
    this.desk ??= takeDesk(this);
    expect(this.desk.mailbox.length).toBe(0);
    expect(this.desk.current).toBeUndefined();
    this.isBusy = true;
    this.desk.current = this;
    this.desk.mailbox.push(new WorkTask(() => {}, []));
  }

  /** Has nothing more to do. */
  end(): void {
    const { desk } = this;
    if (desk === undefined) throw new Error('a desk was taken from one who works');
    expect(desk.current).toBe(this);
    expect(desk.mailbox.length).toBe(1);
    desk.mailbox.shift();
    desk.current = undefined;
    this.isBusy = false;
    if (!desk.stays) this.desk = undefined;
  }
}

type Step = { readonly who: number; readonly what: 'work' | 'rest' | 'vanish' };

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(399),
  what: fc.constantFrom('work', 'work', 'rest', 'vanish'),
});

describe('desks', () => {
  test('nobody who works loses his, and no two have the same', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1000, size: 'max' }), (steps) => {
        const holders = Array.from({ length: 400 }, () => new Holder());
        for (const { who, what } of steps) {
          const holder = holders[who] as Holder;
          if (what === 'work' && !holder.isBusy) holder.begin();
          else if (what === 'rest' && holder.isBusy) holder.end();
          else if (what === 'vanish' && holder.desk !== undefined) {
            giveUpDesk(holder.desk, holder);
            if (holder.isBusy) holder.end();
            expect(holder.desk).toBeUndefined();
            holders[who] = new Holder();
          }
        }
        const desks = holders.map(({ desk }) => desk).filter((desk) => desk !== undefined);
        expect(new Set(desks).size).toBe(desks.length);
        for (const holder of holders) if (holder.isBusy) holder.end();
      }),
      { numRuns: 15 },
    );
  });

  test('of those who have worked and rest only some keep one', () => {
    const holders = Array.from({ length: 2000 }, () => new Holder());
    for (const holder of holders) holder.begin();
    for (const holder of holders) holder.end();
    expect(holders.filter(({ desk }) => desk !== undefined).length).toBeLessThanOrEqual(256);
  });
});
