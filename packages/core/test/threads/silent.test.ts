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

test('one where a service is at work on one thing is held by that', async () => {
  const { error, pings } = await startIn(9);
  expect(error).toMatchObject({
    code: 'ERR_TIMEOUT',
    message: expect.stringContaining(':00000009 holds it'),
  });
  expect(pings).toBe(10);
});

test('one where none is at work has more time, as it may only be starting on a busy machine', async () => {
  const { error, pings } = await startIn(0);
  expect(error).toMatchObject({
    code: 'ERR_TIMEOUT',
    message: expect.stringContaining('it does not answer'),
  });
  expect(pings).toBe(60);
});
