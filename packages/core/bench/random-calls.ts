import type { Handle } from '@skynet/core';
import type { BenchCase, Measure } from './case.ts';
import { inNode } from './node.ts';

/** Calls in a batch. */
const BATCH = 2000;

/** Calls a second to services of which one is drawn for each. */
function randomCalls(services: number): Measure {
  return (effort) =>
    inNode(async (skynet) => {
      const count = effort.count(services);
      const handles: Handle[] = [];
      for (let i = 0; i < count; i++) handles.push(await skynet.newService('echo'));
      const rate = await effort.rate(async (times) => {
        for (let i = 0; i < times; i++)
          await skynet.call(handles[effort.random(count)] as Handle, 'lua', 'echo', 42);
      }, BATCH);
      return [rate];
    });
}

/** The least of a service: an object with a function of its own, and how often that was called. */
class Bare {
  readonly echo: (value: unknown) => unknown;
  calls = 0;

  constructor() {
    this.echo = (value) => (this.calls > 0 ? value : undefined);
  }
}

/** The floor: no service, a function that is called at once, and a promise that is awaited. */
function bareCalls(objects: number): Measure {
  return async (effort) => {
    const all = Array.from({ length: effort.count(objects) }, () => new Bare());
    const call = (bare: Bare, value: unknown): Promise<unknown> =>
      new Promise((resolve) => {
        bare.calls++;
        resolve(bare.echo(value));
      });
    const rate = await effort.rate(async (times) => {
      for (let i = 0; i < times; i++) await call(all[effort.random(all.length)] as Bare, 42);
    }, BATCH);
    return [rate];
  };
}

/** Calls to one of so many, and the floor. */
export function amongMany(name: string, count: number): BenchCase {
  return {
    lines: [{ name, unit: 'calls/s' }],
    floors: { 'bare objects': bareCalls(count) },
    run: randomCalls(count),
  };
}
