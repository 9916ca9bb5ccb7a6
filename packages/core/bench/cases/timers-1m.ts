import type { TimerHandle } from '@skynet/core';
import type { BenchCase, Measure } from '../case.ts';
import type { Effort } from '../effort.ts';
import { settledUsage } from '../memory.ts';
import { inNode } from '../node.ts';
import { original } from '../original.ts';

const COUNT = 1_000_000;
/** Timers put in between two looks at the event loop, as a server would that goes on working. */
const BATCH = 1000;
const HOUR = 360_000;

/** Starts a timer, in hundredths of a second; returns what stops it. */
type Start = (time: number, fired: (index: number) => void, index: number) => unknown;
type Stop = (timer: unknown) => void;

const nothing = (): void => {};

/** What a timer keeps while it waits. */
async function bytes(count: number, start: Start, stop: Stop): Promise<number> {
  const started = new Array<unknown>(count).fill(undefined);
  const before = await settledUsage();
  for (let i = 0; i < count; i++) started[i] = start(HOUR, nothing, i);
  const after = await settledUsage();
  for (const timer of started) stop(timer);
  return (after.heap - before.heap) / count;
}

/** Starts timers that are due in 2 to 10 seconds and waits for all of them: how many a second, and the latest. */
async function lateness(effort: Effort, count: number, start: Start): Promise<[number, number]> {
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
  await all;
  return [(count * 1000) / inserting, latest];
}

async function timers(effort: Effort, start: Start, stop: Stop): Promise<number[]> {
  const count = effort.count(COUNT);
  const each = await bytes(count, start, stop);
  const [rate, latest] = await lateness(effort, count, start);
  return [rate, each, latest];
}

const hostTimers: Measure = (effort) =>
  timers(
    effort,
    (time, fired, index) => setTimeout(fired, time * 10, index),
    (timer) => clearTimeout(timer as NodeJS.Timeout),
  );

const timers1m: BenchCase = {
  lines: [
    { name: 'timers-1m-insert', unit: 'timers/s' },
    { name: 'timers-1m-bytes', unit: 'bytes' },
    { name: 'timers-1m-lateness', unit: 'ms' },
  ],
  floors: { setTimeout: hostTimers },
  run: (effort) =>
    inNode((skynet) =>
      timers(
        effort,
        (time, fired, index) => skynet.timeout(time, fired, index),
        (timer) => (timer as TimerHandle).cancel(),
      ),
    ),
  original: original('timers 1000000'),
};
export default timers1m;
