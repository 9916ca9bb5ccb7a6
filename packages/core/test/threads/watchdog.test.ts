import { expect, test } from 'vitest';
import type { CommandsOf } from '../../src/index.ts';
import type peer from '../fixtures/threads/peer.ts';
import { startTestNode } from '../test-node.ts';

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
      const spinning = skynet.proxy(busy).spin(400);
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
