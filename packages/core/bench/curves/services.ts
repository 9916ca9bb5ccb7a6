import type { Handle } from '@skynet/core';
import type { Curve, Point } from '../curve.ts';
import { inNode } from '../node.ts';

/** Calls a second to services that are there, the next one chosen in some order. */
const calls =
  (next: (count: number, random: (limit: number) => number) => () => number): Point =>
  (x, effort) =>
    inNode(async (skynet) => {
      const count = effort.count(x);
      const handles: Handle[] = [];
      for (let i = 0; i < count; i++) handles.push(await skynet.newService('echo'));
      const choose = next(count, (limit) => effort.random(limit));
      return effort.rate(async (times) => {
        for (let i = 0; i < times; i++) await skynet.call(handles[choose()] as Handle, 'lua', 'echo', 42);
      }, 2000);
    });

const curve: Curve = {
  title: 'Calls while services are there',
  x: { label: 'services', values: [1000, 10_000, 100_000, 1_000_000] },
  y: { label: 'calls/s' },
  series: {
    'the same one': calls(() => () => 0),
    'round robin': calls((count) => {
      let at = 0;
      return () => (at = (at + 1) % count);
    }),
    random: calls((count, random) => () => random(count)),
  },
};
export default curve;
