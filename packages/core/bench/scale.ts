import type { Handle } from '@skynet/core';
import type { Measure } from './case.ts';
import { inNode } from './node.ts';

const WORKERS = 8;
/** About a millisecond of work. */
const ROUNDS = 1_000_000;

/** Pieces of work done a second by services that are spread over the threads. */
export function scale(threads: number): Measure {
  return (effort) =>
    inNode(async (skynet) => {
      const workers: Handle[] = [];
      for (let i = 0; i < WORKERS; i++)
        workers.push(await skynet.newService({ name: 'worker', thread: i % threads }));
      const rounds = effort.count(ROUNDS);
      const rate = await effort.rate(
        (count) =>
          Promise.all(
            Array.from({ length: count }, (_, i) =>
              skynet.call(workers[i % WORKERS] as Handle, 'lua', 'work', rounds),
            ),
          ),
        WORKERS * 4,
      );
      return [rate];
    }, threads);
}
