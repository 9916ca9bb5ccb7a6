import { EventEmitter } from 'node:events';
import { defineService, type Handle } from '@skynet/core';
import type { Measure } from './case.ts';
import { inNode } from './node.ts';

/** Passes a token on to the next of the ring; the last one answers whoever sent it. */
const link = defineService((skynet) => {
  let next: Handle = 0;
  let done: (() => void) | undefined;
  return {
    next: (handle: Handle) => {
      next = handle;
    },
    start: (hops: number) =>
      new Promise<void>((resolve) => {
        done = resolve;
        skynet.send(next, 'lua', 'token', hops - 1);
      }),
    token: (hops: number) => {
      if (hops > 0) skynet.send(next, 'lua', 'token', hops - 1);
      else done?.();
    },
  };
});

/** A token that goes round a ring of services: hops a second. */
export function ring(length: number, threads = 1): Measure {
  return (effort) =>
    inNode(async (skynet) => {
      const links: Handle[] = [];
      for (let i = 0; i < effort.count(length); i++) links.push(await skynet.newService(link));
      for (const [i, handle] of links.entries())
        await skynet.call(handle, 'lua', 'next', links[(i + 1) % links.length]);
      return [
        await effort.rate(
          (count) => skynet.call(links[0] as Handle, 'lua', 'start', count),
          links.length * 10,
        ),
      ];
    }, threads);
}

/** The floor: event emitters that hand the token on in a microtask each. */
export function emitterRing(length: number): Measure {
  return async (effort) => {
    const emitters = Array.from({ length: effort.count(length) }, () => new EventEmitter());
    let done: () => void = () => {};
    for (const [i, emitter] of emitters.entries()) {
      const next = emitters[(i + 1) % emitters.length] as EventEmitter;
      emitter.on('token', (hops: number) => {
        if (hops > 0) queueMicrotask(() => next.emit('token', hops - 1));
        else done();
      });
    }
    const rate = await effort.rate(
      (count) =>
        new Promise<void>((resolve) => {
          done = resolve;
          emitters[1 % emitters.length]?.emit('token', count - 1);
        }),
      emitters.length * 10,
    );
    return [rate];
  };
}
