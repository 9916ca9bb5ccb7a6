import { expect, test } from 'vitest';
import { StopGuard } from '../../src/node/stop-guard.ts';

interface Told {
  guard: StopGuard;
  did: string[];
  beat(): void;
  hold(): void;
}

function setup(others: readonly number[] = [1, 2]): Told {
  const did: string[] = [];
  let beats = 0;
  let isHeld = false;
  const guard = new StopGuard(
    {
      beats: () => beats,
      isHeld: () => isHeld,
      stopOthers: (deadline) => did.push(`stop others within ${deadline}`),
      log: (text) => did.push(text),
      end: (code) => did.push(`end ${code}`),
    },
    { others, shutdownTimeout: 5000, endlessAfter: 2000 },
  );
  return {
    guard,
    did,
    beat: () => {
      beats++;
    },
    hold: () => {
      isHeld = true;
    },
  };
}

const ALONE = 'thread 0 does not hear that the node is to stop: it stops without it';

/** Looks every 50 milliseconds of the guard's clock, up to a moment. */
function look(guard: StopGuard, from: number, to: number, each: () => void = () => {}): void {
  for (let now = from; now <= to; now += 50) {
    each();
    guard.look(now);
  }
}

test('does nothing while nobody told the process to end, and none while thread 0 gives signs', () => {
  const { guard, did, beat } = setup();
  expect(guard.isWatching).toBe(false);
  look(guard, 0, 20_000);
  guard.told(143, 20_000);
  expect(guard.isWatching).toBe(true);
  look(guard, 20_000, 60_000, beat);
  expect(did).toEqual([]);
});

test('stops the other threads when thread 0 does not hear, and ends when they have stopped', () => {
  const { guard, did } = setup();
  guard.told(143, 0);
  look(guard, 0, 1950);
  expect(did).toEqual([]);
  look(guard, 2000, 2500);
  expect(did).toEqual([ALONE, 'stop others within 3000']);
  guard.otherStopped(1);
  look(guard, 2550, 3000);
  guard.otherStopped(2);
  look(guard, 3050, 9000);
  expect(did).toEqual([ALONE, 'stop others within 3000', 'end 143']);
  expect(guard.isWatching).toBe(false);
});

test('waits no longer than stopping may take for those that do not stop', () => {
  const { guard, did } = setup();
  guard.told(130, 0);
  look(guard, 0, 4950);
  expect(did).toHaveLength(2);
  look(guard, 5000, 6000);
  expect(did[2]).toBe('end 130');
});

test('needs little time where thread 0 is known to be held, and none for other threads where there are none', () => {
  const { guard, did, hold } = setup([]);
  hold();
  guard.told(143, 0);
  look(guard, 0, 250);
  expect(did).toEqual([]);
  guard.look(300);
  expect(did).toEqual([ALONE, 'stop others within 4700', 'end 143']);
});

test('a second signal ends it at once, unless thread 0 gives signs; an echo is none', () => {
  const { guard, did } = setup();
  guard.told(130, 0);
  guard.told(130, 20);
  look(guard, 50, 1000);
  expect(did).toEqual([]);
  guard.told(143, 1000);
  look(guard, 1000, 1250);
  expect(did).toEqual([]);
  guard.look(1300);
  expect(did).toEqual(['end 143']);
});

test('thread 0 that is stopping the node gets all its time, and not more when it gives no sign', () => {
  const { guard, did, beat } = setup();
  guard.stopping(1, 0);
  look(guard, 0, 8000, beat);
  look(guard, 8050, 12_950);
  expect(did).toEqual([]);
  look(guard, 13_000, 13_050);
  expect(did).toEqual(['end 1']);
});
