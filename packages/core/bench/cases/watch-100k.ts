import { defineService, type Handle, type Skynet } from '@skynet/core';
import type { BenchCase, Measure } from '../case.ts';
import { settledUsage } from '../memory.ts';
import { inNode } from '../node.ts';

const COUNT = 100_000;

const idle = defineService(() => {});
const nothing = (): void => {};

/** Time and bytes for each of so many things that are watched, one by one. */
async function watching(
  count: number,
  watch: (index: number) => unknown,
): Promise<[rate: number, bytes: number]> {
  const kept = new Array<unknown>(count).fill(undefined);
  const before = await settledUsage();
  const begin = performance.now();
  for (let i = 0; i < count; i++) kept[i] = watch(i);
  const time = performance.now() - begin;
  const after = await settledUsage();
  if (kept.includes(undefined)) throw new Error('something is not watched');
  return [(count * 1000) / time, (after.heap - before.heap) / count];
}

const services: Measure = (effort) =>
  inNode(async (skynet: Skynet) => {
    const count = effort.count(COUNT);
    const handles: Handle[] = [];
    for (let i = 0; i < count; i++) handles.push(await skynet.newService(idle));
    return watching(count, (i) => skynet.watch(handles[i] as Handle, nothing));
  });

/** The floor: a listener in a set of its own for each thing. */
const sets: Measure = (effort) => {
  const watched = new Map<number, Set<object>>();
  return watching(effort.count(COUNT), (i) => {
    const watch = { index: i, gone: nothing };
    watched.set(i, new Set([watch]));
    return watch;
  });
};

const watch100k: BenchCase = {
  lines: [
    { name: 'watch-100k', unit: 'watches/s' },
    { name: 'watch-100k-bytes', unit: 'bytes' },
  ],
  floors: { 'sets of listeners': sets },
  run: services,
};
export default watch100k;
