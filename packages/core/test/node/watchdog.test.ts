import { expect, test } from 'vitest';
import type { CommandsOf } from '../../src/index.ts';
import type peer from '../fixtures/threads/peer.ts';
import { startTestNode } from '../test-node.ts';

test.each([0, 1])(
  'a service that holds thread %i is told so within its loop, once for each report',
  async (thread) => {
    const node = await startTestNode({
      thread: 2,
      watchdog: true,
      endlessAfter: '200ms',
      services: ['./threads/?'],
    });
    await node.run(async (skynet) => {
      const busy = await skynet.newService<CommandsOf<typeof peer>>({ name: 'peer', thread });
      const { spin, spinUntilTold, endless } = skynet.proxy(busy);
      expect(await spinUntilTold()).toEqual([false, false]);
      // The report has come by the other way too by now, and was told of already.
      await node.logged(/endless loop/);
      expect(await endless()).toBe(false);
      // One that asks later is told as well. On a busy machine the watchdog may get no processor meanwhile.
      let isTold = false;
      for (let loops = 0; loops < 20 && !isTold; loops++) {
        await spin(1000);
        // The report comes from outside the node's messages.
        await skynet.sleep(10);
        isTold = await endless();
      }
      expect(isTold).toBe(true);
    });
  },
);

test('a node of one thread tells a service within its loop', async () => {
  const node = await startTestNode({ watchdog: true, endlessAfter: '200ms', services: ['./threads/?'] });
  await node.run(async (skynet) => {
    const busy = await skynet.newService<CommandsOf<typeof peer>>('peer');
    expect(await skynet.proxy(busy).spinUntilTold()).toEqual([false, false]);
  });
});

test.each([0, 1])(
  'a service that holds thread %i is reported with its caller, while the other thread goes on',
  async (thread) => {
    const node = await startTestNode({
      thread: 2,
      watchdog: true,
      endlessAfter: '30ms',
      services: ['./threads/?'],
    });
    await node.run(async (skynet) => {
      const busy = await skynet.newService<CommandsOf<typeof peer>>({ name: 'peer', thread });
      const other = await skynet.newService<CommandsOf<typeof peer>>({ name: 'peer', thread: 1 - thread });
      const spinning = skynet.proxy(busy).spinUntilTold();
      if (thread === 1) expect(await skynet.proxy(other).self()).toBe(other);
      await spinning;
      const line = await node.logged(/endless loop/);
      expect(line).toContain(
        `A message from [ ${skynet.address(skynet.self())} ] to [ ${skynet.address(busy)} ] maybe in an endless loop`,
      );
      expect(line).toMatch(/^\[:00000000\]/);
    });
  },
);
