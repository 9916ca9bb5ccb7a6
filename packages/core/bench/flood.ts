import type { MailboxOptions, Placement } from '@skynet/core';
import type { Measure } from './case.ts';
import { inNode } from './node.ts';

/** Sends between two calls that wait until all of them have arrived: so the mailbox stays bounded. */
export const BATCH = 1000;

/** Sends a second. */
export function flood(
  threads = 1,
  where: NonNullable<Placement['thread']> = 'same',
  mailbox?: MailboxOptions,
): Measure {
  return (effort) =>
    inNode(async (skynet) => {
      const echo = await skynet.newService({
        name: 'echo',
        thread: where,
        ...(mailbox === undefined ? {} : { mailbox }),
      });
      const rate = await effort.rate(async (count) => {
        for (let i = 0; i < count; i++) skynet.send(echo, 'lua', 'add', i);
        await skynet.call(echo, 'lua', 'sum');
      }, BATCH);
      return [rate];
    }, threads);
}

/** The floor within a thread: a queue of values that one function works off in a microtask. */
export const queueFlood: Measure = async (effort) => {
  let sum = 0;
  const take = (value: number): void => {
    sum += value;
  };
  const rate = await effort.rate(async (count) => {
    const queue: number[] = [];
    for (let i = 0; i < count; i++) queue.push(i);
    await Promise.resolve();
    for (const value of queue) take(value);
  }, BATCH);
  if (sum === 0) throw new Error('nothing arrived');
  return [rate];
};
