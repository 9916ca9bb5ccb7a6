import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CommandsOf } from '../../src/index.ts';
import type busy from '../fixtures/services/busy.ts';
import { startTestNode } from '../test-node.ts';

// The threads of these nodes run the built package: `npm test` builds before it tests.

const PIECE = 'x'.repeat(200);

/** The name of a file that ends a service's work when it is there; goes with the test. */
function endOfWork(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-backlog-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'end');
}

test('what waits for a busy thread is told at 1024 and each doubling, with sender, receiver and type', async () => {
  const node = await startTestNode({ thread: 2 });
  await node.run(async (skynet) => {
    const handle = await skynet.newService<CommandsOf<typeof busy>>({ name: 'busy', thread: 1 });
    const end = endOfWork();
    const spinning = skynet.proxy(handle).spinUntil(end);
    for (let i = 0; i < 8000; i++) skynet.send(handle, 'lua', 'take', PIECE);
    const [self, other] = [skynet.address(skynet.self()), skynet.address(handle)];
    for (const length of [1024, 2048])
      await node.logged(
        new RegExp(
          `^\\[${self}\\] May overload, messages waiting for thread 1 = ${length}, the last from ${self} to ${other}, type lua$`,
        ),
      );
    writeFileSync(end, '');
    await spinning;
    // Without a limit nothing is lost.
    expect(await skynet.proxy(handle).got()).toHaveLength(8000);
    expect(node.log.filter((line) => line.includes('refused'))).toEqual([]);
  });
});

test('threadBacklog refuses what is too much: callers are told, answers and the rest get through', async () => {
  const node = await startTestNode({ thread: 2, threadBacklog: 100 });
  await node.run(async (skynet) => {
    const handle = await skynet.newService<CommandsOf<typeof busy>>({ name: 'busy', thread: 1 });
    const { spinUntil, take, got } = skynet.proxy(handle);
    const end = endOfWork();
    const spinning = spinUntil(end);
    const asked = Array.from({ length: 8000 }, (_, i) =>
      take(PIECE + i).catch((error: { code: string }) => error.code),
    );
    await node.logged(/Overloaded/);
    writeFileSync(end, '');
    const results = await skynet.await(Promise.all(asked));
    await spinning;
    const answered = results.filter((result) => result !== 'ERR_OVERLOADED');
    expect(answered.length).toBeGreaterThan(100);
    expect(answered.length).toBeLessThan(8000);
    expect(await got()).toEqual(answered);
    const self = skynet.address(skynet.self());
    await node.logged(
      new RegExp(
        `^\\[${self}\\] Overloaded, 1 message for thread 1 refused \\(threadBacklog 100\\), the last from ${self} to ${skynet.address(handle)}, type lua$`,
      ),
    );
    // There is room again.
    expect(await take('more')).toBe('more');
  });
});
