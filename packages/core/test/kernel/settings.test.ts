import { expect, test } from 'vitest';
import { defineService } from '../../src/index.ts';
import { startTestNode } from '../test-node.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

test('preload runs in every service before its own start function, and is waited for', async () => {
  const node = await startTestNode({ preload: './preload' });
  await node.run(async (skynet) => {
    const named = await skynet.newService('prints-arguments', 'a');
    await node.logged(/arguments \[/);
    const own = node.log.filter((line) => line.startsWith(`[${skynet.address(named)}]`));
    expect(own.map((line) => line.slice(12))).toEqual([
      'LAUNCH snlua prints-arguments a',
      'preload of prints-arguments',
      expect.stringContaining('arguments'),
    ]);
    await skynet.newService(defineService(() => {}));
    await node.logged(/preload of service/);
    await expect(skynet.newService('exits-in-start')).rejects.toThrow(code('ERR_SERVICE_EXITED'));
  });
});

test.each([['./nothing'], ['./services/not-a-service.ts'], ['./services/broken-module.ts']])(
  'a preload of %s keeps the node from starting',
  async (preload) => {
    await expect(startTestNode({ preload })).rejects.toThrow(code('ERR_CONFIG'));
  },
);

test('with profile on, stat tells how long a service has run, forks and resumed tasks too', async () => {
  const busy = defineService((own) => {
    const work = (): void => {
      const before = performance.now();
      while (performance.now() - before < 50);
    };
    return {
      at_once: work,
      async resumed() {
        await own.yield();
        work();
      },
      async forked() {
        const task = {};
        own.fork(() => {
          work();
          own.wakeup(task);
        });
        await own.wait(task);
      },
      cpu: () => own.stat().cpu,
    };
  });
  const profiling = await startTestNode({ profile: true });
  await profiling.run(async (skynet) => {
    const handle = await skynet.newService(busy);
    const idle = await skynet.newService(busy);
    for (const [done, command] of ['at_once', 'resumed', 'forked'].entries()) {
      await skynet.call(handle, 'lua', command);
      expect(await skynet.call(handle, 'lua', 'cpu')).toBeGreaterThanOrEqual(0.05 * (done + 1));
    }
    expect(await skynet.call(idle, 'lua', 'cpu')).toBeLessThan(0.05);
  });
  const plain = await startTestNode();
  await plain.run(async (skynet) => {
    const handle = await skynet.newService(busy);
    await skynet.call(handle, 'lua', 'at_once');
    expect(await skynet.call(handle, 'lua', 'cpu')).toBe(0);
  });
});
