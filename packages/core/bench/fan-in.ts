import type { Handle } from '@skynet/core';
import type { Measure } from './case.ts';
import { inNode } from './node.ts';
import { startEchoThread } from './thread-floors.ts';

/** Calls that each sender makes at a time. */
const BATCH = 500;

/** Services in several threads that call one service of the main thread at once: calls a second, all together. */
export function fanIn(threads: number): Measure {
  return (effort) =>
    inNode(async (skynet) => {
      const target = await skynet.newService('echo');
      const callers: Handle[] = [];
      for (let thread = 0; thread < threads; thread++)
        callers.push(await skynet.newService({ name: 'caller', thread }));
      const rate = await effort.rate(
        (count) =>
          Promise.all(
            callers.map((caller) =>
              skynet.call(caller, 'lua', 'run', target, Math.ceil(count / threads), 16),
            ),
          ),
        BATCH * threads,
      );
      return [rate];
    }, threads);
}

/** The floor: as many threads that each return what they are posted. */
export function portFanIn(threads: number): Measure {
  return async (effort) => {
    const workers = Array.from({ length: threads }, () => startEchoThread());
    const answered = (count: number): Promise<unknown> =>
      Promise.all(
        workers.map(
          (worker) =>
            new Promise<void>((resolve) => {
              let left = count;
              const take = (): void => {
                if (--left > 0) return;
                worker.off('message', take);
                resolve();
              };
              worker.on('message', take);
              for (let i = 0; i < count; i++) worker.postMessage({ session: 1, value: i });
            }),
        ),
      );
    await answered(1);
    const rate = await effort.rate((count) => answered(Math.ceil(count / threads)), BATCH * threads);
    await Promise.all(workers.map((worker) => worker.terminate()));
    return [rate];
  };
}
