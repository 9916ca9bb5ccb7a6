import { EventEmitter } from 'node:events';
import type { Handle, Skynet } from '@skynet/core';
import type { Measure } from './case.ts';
import { bytesOfEach } from './memory.ts';
import { inNode } from './node.ts';

/** Services a batch starts before it ends them again. */
const BATCH = 1000;

async function startMany(skynet: Skynet, count: number): Promise<Handle[]> {
  const handles: Handle[] = [];
  for (let i = 0; i < count; i++) handles.push(await skynet.newService('idle'));
  return handles;
}

/** Services started a second, one after another; they are ended again a thousand at a time. */
export function spawn(threads = 1): Measure {
  return (effort) =>
    inNode(async (skynet) => {
      let started: Handle[] = [];
      const start = async (count: number): Promise<void> => {
        started = await startMany(skynet, count);
      };
      const end = (): void => {
        for (const handle of started) skynet.kill(handle);
      };
      return [await effort.rate(start, BATCH, end)];
    }, threads);
}

/** What an idle service keeps: resident bytes, bytes of the heap. */
export function idleServices(count: number): Measure {
  return (effort) =>
    inNode(async (skynet) => {
      await startMany(skynet, effort.count(1000));
      const some = effort.count(count);
      const { rss, heap } = await bytesOfEach(some, () => startMany(skynet, some));
      return [rss, heap];
    });
}

/** The floor of a service: an event emitter with a function that keeps something, started in a microtask. */
async function startEmitters(count: number): Promise<EventEmitter[]> {
  const emitters: EventEmitter[] = [];
  for (let i = 0; i < count; i++) {
    const emitter = new EventEmitter();
    await Promise.resolve();
    let last: unknown = i;
    emitter.on('message', (value: unknown) => {
      last = value;
      return last;
    });
    emitters.push(emitter);
  }
  return emitters;
}

export const spawnEmitters: Measure = async (effort) => {
  let kept: EventEmitter[] = [];
  const rate = await effort.rate(async (count) => {
    kept = await startEmitters(count);
  }, BATCH);
  if (kept.length === 0) throw new Error('nothing was started');
  return [rate];
};

export function idleEmitters(count: number): Measure {
  return async (effort) => {
    await startEmitters(effort.count(1000));
    const some = effort.count(count);
    const { rss, heap } = await bytesOfEach(some, () => startEmitters(some));
    return [rss, heap];
  };
}
