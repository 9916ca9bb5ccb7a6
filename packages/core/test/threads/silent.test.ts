import { expect, test } from 'vitest';
import { SkynetError } from '../../src/index.ts';
import type { Activity } from '../../src/threads/activity.ts';
import type { Neighbours, Order } from '../../src/threads/neighbours.ts';
import { OtherThreads } from '../../src/threads/other-threads.ts';

// A thread that answers nothing, asked to start a service: how often it is pinged before that is given up, and why.

/** Starts a service in a thread that is silent while that handle is at work there. */
function startIn(handle: number): Promise<{ error: unknown; pings: number }> {
  let pings = 0;
  const neighbours = {
    ask(_thread: number, order: (id: number) => Order) {
      if (order(1).op !== 'ping') return new Promise(() => {});
      pings++;
      return Promise.reject(new SkynetError('ERR_TIMEOUT', 'no answer'));
    },
  } as unknown as Neighbours;
  const activity = {
    at: () => ({ handle, source: 0, count: 7 }),
    isHeld: () => false,
  } as unknown as Activity;
  const others = new OtherThreads(neighbours, undefined as never, { activity } as never);
  return new Promise((resolve) => {
    others.launch(1, 'echo', { args: [] } as never, (error) => resolve({ error, pings }));
  });
}

test.each([
  ['a service is at work on one thing is held by that', 9, ':00000009 holds it', 10],
  ['none is at work has more time, as it may only be starting', 0, 'it does not answer', 60],
])('one where %s', async (_, handle, why, tries) => {
  const { error, pings } = await startIn(handle);
  expect(error).toMatchObject({ code: 'ERR_TIMEOUT', message: expect.stringContaining(why) });
  expect(pings).toBe(tries);
});
