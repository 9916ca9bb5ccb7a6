import type { BenchCase, Measure } from '../case.ts';
import type { Effort } from '../effort.ts';
import { settledUsage } from '../memory.ts';
import { inNode } from '../node.ts';

const COUNT = 1_000_000;
/** Timers put in between two looks at the event loop, as a server would that goes on working. */
const BATCH = 10_000;

/** Sets `count` timers that are due in 2 to 10 seconds and waits until all have fired. */
async function timers(
  effort: Effort,
  start: (centiseconds: number, fired: (index: number) => void, index: number) => unknown,
): Promise<number[]> {
  const count = effort.count(COUNT);
  const [least, span] = effort.tiny ? [1, 4] : [200, 800];
  const due = new Float64Array(count);
  const delays = Uint16Array.from({ length: count }, () => least + effort.random(span));
  let left = count;
  let latest = 0;
  let done: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const fired = (index: number): void => {
    latest = Math.max(latest, performance.now() - (due[index] as number));
    if (--left === 0) done();
  };
  const before = await settledUsage();
  let inserting = 0;
  for (let first = 0; first < count; first += BATCH) {
    const begin = performance.now();
    for (let i = first; i < Math.min(first + BATCH, count); i++) {
      const delay = delays[i] as number;
      due[i] = begin + delay * 10;
      start(delay, fired, i);
    }
    inserting += performance.now() - begin;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heap } = await settledUsage();
  await all;
  return [(count * 1000) / inserting, (heap - before.heap) / count, latest];
}

const hostTimers: Measure = (effort) =>
  timers(effort, (delay, fired, index) => setTimeout(fired, delay * 10, index));

const timers1m: BenchCase = {
  lines: [
    { name: 'timers-1m-insert', unit: 'timers/s' },
    { name: 'timers-1m-bytes', unit: 'bytes' },
    { name: 'timers-1m-lateness', unit: 'ms' },
  ],
  floors: { setTimeout: hostTimers },
  run: (effort) =>
    inNode((skynet) => timers(effort, (delay, fired, index) => skynet.timeout(delay, fired, index))),
};
export default timers1m;
