import { expect, test } from 'vitest';
import { startTestNode } from '../test-node.ts';
import { runLosses } from './loss-run.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

// For a long run: LOSS_MESSAGES=10000000 LOSS_SEED=7 npx vitest run packages/core/test/threads/loss-property.test.ts
const messages = Number(process.env.LOSS_MESSAGES ?? 4000);
// One seed for every run, so that it can be made again.
const seed = Number(process.env.LOSS_SEED ?? 99);

test.each([3, 4])(
  `with %i threads that are lost and replaced under load every call settles, what the living send each other comes once and in order (seed ${seed})`,
  async (threads) => {
    const node = await startTestNode({
      thread: threads,
      services: ['./threads/?', './services/?'],
      watchdog: false,
    });
    await node.run(async (skynet) => {
      const count = await runLosses(skynet, {
        seed: seed + threads,
        threads,
        messages,
        losses: Math.max(3, messages / 2500),
      });
      expect(count.problems, `seed ${seed}`).toEqual([]);
      expect(count.answered).toBeGreaterThan(0);
      expect(count.losses).toBeGreaterThan(0);
    });
  },
  120_000 + messages * 10,
);
