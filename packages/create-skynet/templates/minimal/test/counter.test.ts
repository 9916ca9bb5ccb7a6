import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, startTestNode } from '@skynet/core/testing';

test('the counter counts, also while it waits', async (t) => {
  const clock = new FakeClock();
  const node = await startTestNode({ services: ['./services/?'] }, { after: (stop) => t.after(stop), clock });
  await node.run(async (skynet) => {
    const counter = skynet.proxy(await skynet.newService<typeof import('../services/counter.ts')>('counter'));
    const later = counter.addLater(2);
    assert.equal(await counter.add(40), 40);
    await clock.advance('1s'); // no second passes in truth
    assert.equal(await later, 42);
  });
});
