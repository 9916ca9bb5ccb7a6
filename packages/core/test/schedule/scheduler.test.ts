import { expect, onTestFinished, test } from 'vitest';
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
    return this.#steps.length === 0 ? TURN.IDLE : TURN.SETTLE;
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
