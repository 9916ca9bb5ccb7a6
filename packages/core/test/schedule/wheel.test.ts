import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Wheel, type WheelEntry } from '../../src/schedule/wheel.ts';

class Entry implements WheelEntry {
  due = 0;
  slot = -1;
  next: WheelEntry | undefined = undefined;
  wheelPrev: WheelEntry | undefined = undefined;
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}

/** What the wheel and its model have in common. */
interface Queue {
  readonly size: number;
  insert(id: number, due: number): void;
  remove(id: number): boolean;
  advance(now: number, fire: (id: number, due: number) => void): void;
}

class WheelOfNumbers implements Queue {
  readonly wheel: Wheel<Entry>;
  readonly #entries = new Map<number, Entry>();

  constructor(now: number) {
    this.wheel = new Wheel(now);
  }

  get size(): number {
    return this.wheel.size;
  }

  insert(id: number, due: number): void {
    const entry = this.#entries.get(id) ?? new Entry(id);
    this.#entries.set(id, entry);
    this.wheel.insert(entry, due);
  }

  remove(id: number): boolean {
    const entry = this.#entries.get(id);
    return entry !== undefined && this.wheel.remove(entry);
  }

  advance(now: number, fire: (id: number, due: number) => void): void {
    this.wheel.advance(now, (entry) => fire(entry.id, entry.due));
  }
}

/** What the wheel promises, written the slow way: a list in order of due time, then of insertion. */
class SortedList implements Queue {
  readonly #waiting: { id: number; due: number }[] = [];
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  get size(): number {
    return this.#waiting.length;
  }

  insert(id: number, due: number): void {
    const moment = Math.max(due, this.#now + 1);
    const before = this.#waiting.findIndex((other) => other.due > moment);
    this.#waiting.splice(before < 0 ? this.#waiting.length : before, 0, { id, due: moment });
  }

  remove(id: number): boolean {
    const at = this.#waiting.findIndex((other) => other.id === id);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  advance(now: number, fire: (id: number, due: number) => void): void {
    for (let first = this.#waiting[0]; first !== undefined && first.due <= now; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#now = first.due;
      fire(first.id, first.due);
    }
    this.#now = Math.max(this.#now, now);
  }
}

/** The longest a timer can wait, in milliseconds. */
const LONGEST = 0x7fffffff * 10;
/** Widths of the levels: the interesting moments lie around their multiples. */
const WIDTHS = [2 ** 8, 2 ** 14, 2 ** 20, 2 ** 26, 2 ** 32];

const delay = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -1, max: 3 }) },
  { weight: 4, arbitrary: fc.nat(600) },
  { weight: 2, arbitrary: fc.nat(40_000) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...WIDTHS), fc.integer({ min: -2, max: 2 })).map(([a, b]) => a + b),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: LONGEST }) },
);

/** `back` counts from the newest entry. */
type Step =
  | { kind: 'insert'; delay: number; again: number | undefined }
  | { kind: 'remove'; back: number }
  | { kind: 'advance'; by: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      delay,
      again: fc.option(delay, { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), back: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: fc.nat(700) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('advance' as const), by: delay }) },
);

const start = fc.oneof(fc.constant(0), fc.nat(70_000), fc.integer({ min: 0, max: 2 ** 41 }));

/** Everything that can be seen of a queue while the steps are taken. */
function play(queue: Queue, begin: number, steps: readonly Step[]): unknown[] {
  const seen: unknown[] = [];
  const again = new Map<number, number>();
  let now = begin;
  let count = 0;
  for (const action of steps) {
    if (action.kind === 'insert') {
      const id = count++;
      if (action.again !== undefined) again.set(id, action.again);
      queue.insert(id, now + action.delay);
    } else if (action.kind === 'remove') seen.push(['removed', queue.remove(count - 1 - action.back)]);
    else {
      queue.advance(now + action.by, (id, due) => {
        seen.push(['fired', id, due]);
        const wait = again.get(id);
        if (wait === undefined) return;
        // What fires may put itself in again, once, and take another out.
        again.delete(id);
        queue.insert(id, due + wait);
        seen.push(['removed', queue.remove(id + 1)]);
      });
      now = Math.max(now, now + action.by);
    }
    seen.push(['size', queue.size]);
  }
  return seen;
}

describe('timing wheel', () => {
  test('does what a sorted list does, whatever is put in and taken out between', () => {
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 80, size: 'max' }), (begin, steps) => {
        expect(play(new WheelOfNumbers(begin), begin, steps)).toEqual(
          play(new SortedList(begin), begin, steps),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('driven from one wake to the next, everything fires at its very millisecond', () => {
    fc.assert(
      fc.property(start, fc.array(delay, { minLength: 1, maxLength: 30, size: 'max' }), (begin, delays) => {
        const { wheel } = new WheelOfNumbers(begin);
        for (const [id, wait] of delays.entries()) wheel.insert(new Entry(id), begin + wait);
        const late: Entry[] = [];
        let wakes = 0;
        for (let now = wheel.nextWake(); now < Number.POSITIVE_INFINITY; now = wheel.nextWake()) {
          wakes++;
          wheel.advance(now, (entry) => {
            if (entry.due !== now) late.push(entry);
          });
        }
        expect(late).toEqual([]);
        expect(wheel.size).toBe(0);
        // One wake for each level an entry comes down, and one to fire it.
        expect(wakes).toBeLessThanOrEqual(delays.length * 6);
      }),
      { numRuns: 300 },
    );
  });

  test('entries of one moment fire in the order in which they were put in, however far off they were put in', () => {
    const due = 5 * 2 ** 26 + 12_345;
    const wheel = new Wheel<Entry>(0);
    const order: number[] = [];
    const distances = [due, 2 ** 26 + 7, 2 ** 20 + 7, 2 ** 14 + 7, 300, 255, 2, 1];
    for (const [id, distance] of distances.entries()) {
      wheel.advance(due - distance, () => {});
      wheel.insert(new Entry(id), due);
    }
    wheel.advance(due, (entry) => order.push(entry.id));
    expect(order).toEqual(distances.map((_, id) => id));
  });

  test('the longest time a timer can wait', () => {
    const wheel = new Wheel<Entry>(2 ** 38 - 5);
    const fired: number[] = [];
    wheel.insert(new Entry(1), 2 ** 38 - 5 + LONGEST);
    wheel.advance(2 ** 38 - 6 + LONGEST, (entry) => fired.push(entry.id));
    expect(fired).toEqual([]);
    wheel.advance(2 ** 38 - 5 + LONGEST, (entry) => fired.push(entry.id));
    expect(fired).toEqual([1]);
  });

  test('has nothing to do while it is empty', () => {
    const wheel = new Wheel<Entry>(10);
    const entry = new Entry(0);
    expect(wheel.nextWake()).toBe(Number.POSITIVE_INFINITY);
    wheel.insert(entry, 20);
    expect(wheel.nextWake()).toBe(20);
    expect(wheel.remove(entry)).toBe(true);
    expect(wheel.remove(entry)).toBe(false);
    expect(wheel.nextWake()).toBe(Number.POSITIVE_INFINITY);
  });
});
