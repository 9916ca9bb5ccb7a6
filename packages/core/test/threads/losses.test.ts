import { expect, test } from 'vitest';
import type { CommandsOf, Skynet } from '../../src/index.ts';
import type peer from '../fixtures/threads/peer.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const code = (expected: string) => expect.objectContaining({ code: expected });

const startThreads = (thread: number): Promise<TestNode> =>
  startTestNode({ thread, watchdog: false, services: ['./threads/?', './services/?'] });

const start = (skynet: Skynet, thread: number | 'spread') =>
  skynet.newService<CommandsOf<typeof peer>>({ name: 'peer', thread });

const list = (skynet: Skynet) => skynet.call<Record<string, string>>('.launcher', 'lua', 'LIST');

/** Loses a thread until it is not started again. */
async function giveUp(node: TestNode, skynet: Skynet, thread: number): Promise<void> {
  for (let round = 0; round < 6; round++) {
    const doomed = await start(skynet, thread);
    await expect(skynet.proxy(doomed).exitProcess()).rejects.toThrow(code('ERR_SERVICE_GONE'));
  }
  await node.logged(new RegExp(`thread ${thread} was lost 6 times in 10 s and is not started again`));
}

test.each([0, 2])(
  'a service that holds its thread is ended by a kill from thread %i, its callers hear of it, the thread starts again',
  async (from) => {
    const node = await startThreads(3);
    await node.run(async (skynet) => {
      const looper = await start(skynet, 1);
      const mate = await start(skynet, 1);
      const killer = await start(skynet, from);
      const spinning = skynet.proxy(looper).spin(Number.POSITIVE_INFINITY);
      const waiting = skynet.proxy(mate).self();
      const shown = await list(skynet);
      expect(shown['thread 1']).toBe('TIMEOUT');
      expect(shown[skynet.address(killer)]).toBe('snlua peer');
      expect(shown[skynet.address(looper)]).toBeUndefined();
      await skynet.proxy(killer).kill(looper);
      await expect(spinning).rejects.toThrow(code('ERR_SERVICE_GONE'));
      await expect(waiting).rejects.toThrow(code('ERR_SERVICE_GONE'));
      await node.logged(/thread 1 is ended: :[\da-f]{8} was killed and does not stop/);
      const reborn = await start(skynet, 1);
      expect(await skynet.proxy(reborn).self()).toBe(reborn);
      expect((await list(skynet))['thread 1']).toBeUndefined();
    });
  },
  60_000,
);

test('a kill ends no thread that another service holds for a while', async () => {
  const node = await startThreads(2);
  await node.run(async (skynet) => {
    const busy = await start(skynet, 1);
    const mate = await start(skynet, 1);
    const spinning = skynet.proxy(busy).spin(2500);
    const waiting = skynet.proxy(mate).self();
    skynet.kill(mate);
    await spinning;
    await waiting.catch((error: unknown) => expect(error).toEqual(code('ERR_SERVICE_GONE')));
    expect(await skynet.proxy(busy).self()).toBe(busy);
    await expect(skynet.proxy(mate).self()).rejects.toThrow(code('ERR_NO_SERVICE'));
  });
}, 60_000);

test('a thread that is not started again is refused, left out and not waited for', async () => {
  const node = await startThreads(3);
  await node.run(async (skynet) => {
    const other = await start(skynet, 2);
    await giveUp(node, skynet, 1);
    await expect(start(skynet, 1)).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_SERVICE_GONE',
        message: 'call failed: thread 1 was lost and is not started again',
      }),
    );
    await expect(skynet.proxy(other).start('peer', 1)).rejects.toThrow(code('ERR_SERVICE_GONE'));
    const spread: Awaited<ReturnType<typeof start>>[] = [];
    for (let i = 0; i < 6; i++) spread.push(await start(skynet, 'spread'));
    for (const handle of spread) expect(await skynet.proxy(handle).self()).toBe(handle);
    const shown = await list(skynet);
    for (const handle of [other, ...spread]) expect(shown[skynet.address(handle)]).toBe('snlua peer');
    expect(shown['thread 1']).toBeUndefined();
    // A thread that is replaced later knows as well.
    await expect(skynet.proxy(other).exitProcess()).rejects.toThrow(code('ERR_SERVICE_GONE'));
    const reborn = await start(skynet, 2);
    await expect(skynet.proxy(reborn).start('peer', 1)).rejects.toThrow(code('ERR_SERVICE_GONE'));
    skynet.kill(reborn);
  });
}, 60_000);
