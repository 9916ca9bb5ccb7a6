import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CommandsOf, Skynet } from '../../src/index.ts';
import type peer from '../fixtures/threads/peer.ts';
import { startTestNode, type TestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const code = (expected: string) => expect.objectContaining({ code: expected });

const startThreads = (config: object = {}): Promise<TestNode> =>
  startTestNode({ thread: 3, watchdog: true, endlessAfter: '200ms', services: ['./threads/?'], ...config });

const start = (skynet: Skynet, thread: number | 'spread') =>
  skynet.newService<CommandsOf<typeof peer>>({ name: 'peer', thread });

test('nobody waits for a start in a thread that a service holds, and it is undone when it comes all the same', async () => {
  const node = await startThreads();
  await node.run(async (skynet) => {
    const holder = await start(skynet, 1);
    const folder = mkdtempSync(path.join(tmpdir(), 'skynet-held-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const end = path.join(folder, 'end');
    const spinning = skynet.proxy(holder).spinUntil(end);
    await node.logged(/endless loop/);
    await expect(start(skynet, 1)).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_TIMEOUT',
        message: `thread 1 does not start anything: ${skynet.address(holder)} holds it`,
        details: { thread: 1, service: skynet.address(holder) },
      }),
    );
    // Those that can choose leave it out.
    for (let i = 0; i < 6; i++) {
      const handle = await start(skynet, 'spread');
      expect(await skynet.call({ to: handle, timeout: '5s' }, 'lua', 'self')).toBe(handle);
    }
    writeFileSync(end, '');
    await spinning;
    await node.logged(/^\[:00000000\] KILL :/);
    expect(await skynet.proxy(holder).self()).toBe(holder);
    expect(await start(skynet, 1)).toBeGreaterThan(holder);
  });
});

test('a kill of another service of a held thread ends the thread', async () => {
  const node = await startThreads();
  await node.run(async (skynet) => {
    const holder = await start(skynet, 1);
    const mate = await start(skynet, 1);
    const spinning = skynet.proxy(holder).spin(Number.POSITIVE_INFINITY);
    const waiting = skynet.proxy(mate).self();
    await node.logged(/endless loop/);
    skynet.kill(mate);
    await expect(waiting).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await expect(spinning).rejects.toThrow(code('ERR_SERVICE_GONE'));
    await node.logged(/thread 1 is ended: .* was killed and cannot be stopped while .* holds the thread/);
    const reborn = await start(skynet, 1);
    expect(await skynet.proxy(reborn).self()).toBe(reborn);
  });
});

test('endEndlessAfter ends the thread of a service that holds it, and no other', async () => {
  const node = await startThreads({ endEndlessAfter: '3s' });
  await node.run(async (skynet) => {
    const holder = await start(skynet, 1);
    const other = await start(skynet, 2);
    // Work that is long and comes to an end.
    await skynet.proxy(other).spin(300);
    await expect(skynet.proxy(holder).spin(Number.POSITIVE_INFINITY)).rejects.toThrow(
      code('ERR_SERVICE_GONE'),
    );
    await node.logged(
      new RegExp(`thread 1 is ended: ${skynet.address(holder)} has held it for longer than 3000 ms`),
    );
    const reborn = await start(skynet, 1);
    expect(await skynet.proxy(reborn).self()).toBe(reborn);
    expect(await skynet.proxy(other).self()).toBe(other);
  });
});
