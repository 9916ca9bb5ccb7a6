import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import { PeerClock } from '../../src/mesh/peer-clock.ts';

/** A clock that began at some moment, as it is told: 32 bits. */
const told = (begin: number, now: number): number => Math.floor(begin + now) >>> 0;

test('what is left is known within the quickest frame, however clocks were set, also where moments begin anew', () => {
  const frame = fc.record({ pause: fc.nat(5000), delay: fc.nat(3000), left: fc.nat(100_000) });
  fc.assert(
    fc.property(
      fc.nat(0xffff_ffff),
      fc.integer({ min: -50, max: 50 }),
      fc.array(frame, { minLength: 1, maxLength: 40 }),
      (begin, drift, frames) => {
        const clock = new PeerClock();
        const theirs = (now: number): number => told(begin, now * (1 + drift / 1_000_000));
        let now = 0;
        let quickest = Number.POSITIVE_INFINITY;
        for (const { pause, delay, left } of frames) {
          const sent = now + pause;
          now = sent + delay;
          quickest = Math.min(quickest, delay);
          clock.saw(theirs(sent), now);
          const known = clock.until((theirs(sent) + left) >>> 0, now) as number;
          // Late by as much as the quickest was under way, early by what clocks drift in a minute or two.
          expect(known).toBeGreaterThanOrEqual(left - delay - 10);
          if (now < 25_000) expect(known).toBeLessThanOrEqual(left - delay + quickest + 10);
        }
      },
    ),
    { numRuns: runs(500) },
  );
});

test('without a frame nothing is known', () => {
  expect(new PeerClock().until(5, 1)).toBeUndefined();
});

test('a quick frame of long ago counts no more, so that a clock that runs ahead ends nothing early', () => {
  const clock = new PeerClock();
  clock.saw(0, 0);
  // An hour later the other clock is a second behind.
  const hour = 3_600_000;
  clock.saw(hour - 1000, hour);
  expect(clock.until(hour - 1000 + 50, hour)).toBe(50);
});
