import { test } from 'vitest';
import { expectPlaces, FAILURES } from '../failure-places.ts';
import type { Seen } from '../fixtures/failures/caller.ts';
import { startTestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

test.each([
  [0, 1],
  [1, 0],
  [1, 2],
])(
  'failures met in thread %i and made in thread %i begin where they were waited for',
  async (here, there) => {
    const node = await startTestNode({ thread: 3, services: ['./failures/?', './services/?'] });
    await node.run(async (skynet) => {
      const victim = await skynet.newService({ name: 'victim', thread: there });
      const caller = await skynet.newService({ name: 'caller', thread: here });
      for (const name of Object.keys(FAILURES))
        expectPlaces(name, await skynet.call<Seen>(caller, 'lua', 'see', name, victim));
    });
  },
);
