import { expect, onTestFinished, test, vi } from 'vitest';
import { type Runnable, Scheduler, TURN, type TurnResult } from '../../src/schedule/scheduler.ts';

/** Its turns do one thing after another. */
class Steps implements Runnable {
  queued = false;
  readonly #steps: (() => void)[];

  constructor(steps: (() => void)[]) {
    this.#steps = steps;
  }

  turn(): TurnResult {
    this.#steps.shift()?.();
    return this.#steps.length === 0 ? TURN.IDLE : TURN.BUSY;
  }

  settled(): void {}

  turnFailed(): void {}
}

test('whatever a tick throws, the other ticks and all that is promised come before the next turn', async () => {
  const seen: string[] = [];
  const error = new Error('thrown by a tick');
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  process.on('uncaughtException', (thrown) => seen.push(thrown === error ? 'uncaught' : String(thrown)));
  await new Promise<void>((resolve) => {
    const scheduler = new Scheduler(() => resolve());
    scheduler.ready(
      new Steps([
        () => {
          process.nextTick(() => {
            seen.push('first tick');
            throw error;
          });
          process.nextTick(() => seen.push('second tick'));
          void (async () => {
            for (let i = 0; i < 100; i++) await null;
            seen.push('promised');
          })();
        },
        () => seen.push('second turn'),
        () => seen.push('third turn'),
      ]),
    );
  });
  expect(seen).toEqual(['first tick', 'uncaught', 'second tick', 'promised', 'second turn', 'third turn']);
});

/** Milliseconds that a turn takes, by the clock of these tests. */
const TURN_TIME = 0.02;

/** Has work for ever. */
class Endless implements Runnable {
  queued = false;
  turns = 0;
  settledTurns = 0;
  isOver = false;
  readonly #result: TurnResult;
  readonly #work: () => void;

  constructor(result: TurnResult, work: () => void) {
    this.#result = result;
    this.#work = work;
  }

  turn(): TurnResult {
    this.turns++;
    this.#work();
    return this.isOver ? TURN.IDLE : this.#result;
  }

  settled(): void {
    this.settledTurns++;
  }

  turnFailed(): void {}
}

/** A clock that only turns move on, and a turn of the event loop. */
function clockOfTurns(): { work(): void; eventLoop(): Promise<void> } {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => void vi.restoreAllMocks());
  return {
    work: () => {
      now += TURN_TIME;
    },
    eventLoop: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

test('messages let sockets in after 0.1 ms, and sooner when these have brought something', async () => {
  const { work, eventLoop } = clockOfTurns();
  const scheduler = new Scheduler();
  const flood = new Endless(TURN.MORE, work);
  onTestFinished(() => {
    flood.isOver = true;
  });
  scheduler.ready(flood);
  const turnsInLoop = async (between = (): void => {}): Promise<number> => {
    const before = flood.turns;
    between();
    await eventLoop();
    return flood.turns - before;
  };
  // By then it knows how long turns take.
  for (let i = 0; i < 10; i++) await turnsInLoop();
  for (let i = 0; i < 10; i++) {
    const turns = await turnsInLoop();
    expect(turns).toBeGreaterThanOrEqual(0.1 / TURN_TIME);
    expect(turns).toBeLessThanOrEqual(0.1 / TURN_TIME + 2);
    const packet = new Steps([() => {}]);
    expect(await turnsInLoop(() => scheduler.ready(packet))).toBeLessThanOrEqual(3);
    expect(packet.queued).toBe(false);
  }
});

test('of many services that wait for their turn only those are told that it is settled that had one', async () => {
  const { work, eventLoop } = clockOfTurns();
  const scheduler = new Scheduler();
  const many = Array.from({ length: 10_000 }, () => new Endless(TURN.BUSY, work));
  onTestFinished(() => {
    for (const one of many) one.isOver = true;
  });
  for (const one of many) scheduler.ready(one);
  const sum = (of: (one: Endless) => number): number => many.reduce((total, one) => total + of(one), 0);
  for (let i = 0; i < 100_000 && (many.at(-1) as Endless).turns === 0; i++) await eventLoop();
  const turns = sum((one) => one.turns);
  expect(many.at(-1)?.turns).toBeGreaterThan(0);
  expect(sum((one) => one.settledTurns)).toBeLessThanOrEqual(turns);
  // Everybody has as many as all others, but for those of one share.
  expect(
    Math.max(...many.map((one) => one.turns)) - Math.min(...many.map((one) => one.turns)),
  ).toBeLessThanOrEqual(32);
});
