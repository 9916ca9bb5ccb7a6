import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CommandsOf } from '../../src/index.ts';
import { createRegistry } from '../../src/route/registry.ts';
import { createSharedRegistry, SharedRegistry } from '../../src/threads/shared-registry.ts';
import type registrar from '../fixtures/threads/registrar.ts';
import { startTestNode } from '../test-node.ts';

test.each([1, 3])('what a package registers is seen by all of %i threads at once', async (thread) => {
  const node = await startTestNode({ thread, services: ['./threads/?'] });
  await node.run(async (skynet) => {
    const start = async (number: number) =>
      skynet.proxy(
        await skynet.newService<CommandsOf<typeof registrar>>({ name: 'registrar', thread: number }),
      );
    const one = await start(thread - 1);
    const other = await start(0);
    const before = await other.version();
    expect(await one.add('test/a', 'x'.repeat(100_000))).toBe(true);
    expect(await other.get('test/a')).toBe('x'.repeat(100_000));
    expect(await other.add('test/a', 'y')).toBe(false);
    expect(await other.version()).not.toBe(before);
    expect(await other.version()).toBe(await one.version());
    expect(await other.remove('test/a')).toBe(true);
    expect(await one.get('test/a')).toBeUndefined();
  });
});

test('it outlives the thread that registered it, and one that takes its place sees it', async () => {
  const node = await startTestNode({ thread: 2, services: ['./threads/?'] });
  await node.run(async (skynet) => {
    const start = () => skynet.newService<CommandsOf<typeof registrar>>({ name: 'registrar', thread: 1 });
    const first = skynet.proxy(await start());
    await first.add('test/kept', 'value');
    await expect(first.lost()).rejects.toThrow(expect.objectContaining({ code: 'ERR_SERVICE_GONE' }));
    expect(await skynet.proxy(await start()).get('test/kept')).toBe('value');
  });
});

test('every change gives another version, however the log is written anew', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.integer({ min: 0, max: 400_000 })))),
      (steps) => {
        const memory = createSharedRegistry();
        const one = new SharedRegistry(memory, 0);
        const two = new SharedRegistry(memory, 1);
        const alone = createRegistry();
        const seen = new Set([one.version]);
        for (const [key, size] of steps) {
          const change = (registry: typeof alone): boolean =>
            size === null ? registry.remove(key) : registry.add(key, 'v'.repeat(size));
          const before = alone.version;
          const changed = change(alone);
          expect(change(one)).toBe(changed);
          expect(two.version).toBe(one.version);
          if (changed) {
            expect(alone.version).not.toBe(before);
            expect(seen).not.toContain(one.version);
          }
          seen.add(one.version);
          expect([...two.entries()]).toEqual([...alone.entries()]);
        }
      },
    ),
    { numRuns: 30 },
  );
});
