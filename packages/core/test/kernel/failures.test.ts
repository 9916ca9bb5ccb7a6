import { expect, test } from 'vitest';
import { expectPlaces, FAILURES } from '../failure-places.ts';
import { failures, type Seen } from '../fixtures/failures/caller.ts';
import { startTestNode } from '../test-node.ts';

const SERVICES = ['./failures/?', './services/?'];

test('there is an expectation for every failure', () => {
  expect(Object.keys(FAILURES)).toEqual(Object.keys(failures));
});

test.each(Object.keys(FAILURES))('%s: the stack begins where the failure was waited for', async (name) => {
  const node = await startTestNode({ services: SERVICES });
  await node.run(async (skynet) => {
    const victim = await skynet.newService('victim');
    const caller = await skynet.newService('caller');
    expectPlaces(name, await skynet.call<Seen>(caller, 'lua', 'see', name, victim));
  });
});
