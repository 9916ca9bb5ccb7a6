import { EventEmitter } from 'node:events';
import type { Placement } from '@skynet/core';
import type { Measure } from './case.ts';
import type { Effort } from './effort.ts';
import { inNode } from './node.ts';

/** How a service is called. */
export interface CallOptions {
  /** Threads of the node. Default 1. */
  threads?: number;
  /** Where the called service lives. Default: beside the caller. */
  where?: Placement['thread'];
  /** Calls under way at the same time. Default 1. */
  flight?: number;
  /** Calls in a batch. Default 2000. */
  size?: number;
}

/** Calls with a value that comes back, a second. */
export function calls(
  value: unknown,
  { threads = 1, where = 'same', flight = 1, size = 2000 }: CallOptions = {},
): Measure {
  return (effort) =>
    inNode(async (skynet) => {
      const echo = await skynet.newService({ name: 'echo', thread: where });
      return [await callRate(effort, () => skynet.call(echo, 'lua', 'echo', value), flight, size)];
    }, threads);
}

/** How often a second `call` can be awaited, with so many under way. */
export function callRate(
  effort: Effort,
  call: () => Promise<unknown>,
  flight: number,
  size: number,
): Promise<number> {
  const several = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await call();
  };
  if (flight === 1) return effort.rate(several, size);
  return effort.rate(
    (count) => Promise.all(Array.from({ length: flight }, () => several(Math.ceil(count / flight)))),
    size,
  );
}

/** The floor within a thread: an event with a function that settles the promise. Nothing is copied, nothing waits in line. */
export function emitterCalls(value: unknown): Measure {
  return async (effort) => {
    const emitter = new EventEmitter();
    emitter.on('echo', (sent: unknown, answer: (value: unknown) => void) => answer(sent));
    return [
      await callRate(effort, () => new Promise((resolve) => emitter.emit('echo', value, resolve)), 1, 2000),
    ];
  };
}
