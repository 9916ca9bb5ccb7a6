import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadline } from '../../src/client/deadline.ts';

// A clock of our own, so that it can go on while timers do not fire.
let clock = 0;
beforeEach(() => {
  clock = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Time that passes as it should. */
function pass(milliseconds: number): void {
  for (let at = 0; at < milliseconds; at++) {
    clock++;
    vi.advanceTimersByTime(1);
  }
}

/** Time in which nothing runs; what was due in it runs behind it, before any socket is read. */
function freeze(milliseconds: number): void {
  clock += milliseconds;
  vi.advanceTimersToNextTimer();
}

function counting(time: number): { readonly deadline: Deadline; passed(): number } {
  let passed = 0;
  const deadline = new Deadline(time, () => passed++).start();
  return { deadline, passed: () => passed };
}

test.each([1, 20, 1000, 1001, 15_000])('%i ms pass, once, and not before', (time) => {
  const { passed } = counting(time);
  pass(time - 1);
  expect(passed()).toBe(0);
  pass(1);
  expect(passed()).toBe(1);
  pass(5 * time);
  expect(passed()).toBe(1);
});

test('starting anew begins from the beginning, stopping ends it', () => {
  const { deadline, passed } = counting(2000);
  for (let i = 0; i < 10; i++) {
    pass(1900);
    deadline.start();
  }
  pass(1900);
  deadline.stop();
  pass(10_000);
  expect(passed()).toBe(0);
  deadline.start();
  pass(2000);
  expect(passed()).toBe(1);
});

test.each([
  [1000, 3000],
  [2000, 30_000],
  [15_000, 30_000],
  [15_000, 3_600_000],
])('of %i ms some are left after a freeze of %i ms', (time, frozen) => {
  const { passed } = counting(time);
  pass(50);
  freeze(frozen);
  expect(passed()).toBe(0);
  pass(Math.min(time, 5000) - 1);
  expect(passed()).toBe(0);
  pass(1);
  expect(passed()).toBe(1);
});

test('a freeze that is over long before costs nothing', () => {
  const { passed } = counting(60_000);
  freeze(3000);
  pass(56_999);
  expect(passed()).toBe(0);
  pass(1);
  expect(passed()).toBe(1);
});

test('on a host whose timers are always late it passes in the end', () => {
  const { passed } = counting(1000);
  for (let i = 0; i < 3; i++) {
    freeze(60_000);
    expect(passed()).toBe(0);
  }
  freeze(60_000);
  expect(passed()).toBe(1);
});
