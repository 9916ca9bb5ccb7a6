import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { createSnax } from '@skynet/snax';
import { expect, onTestFinished, test } from 'vitest';
import type counter from './fixtures/snax/counter.ts';

type Counter = typeof counter;

// The further threads of this node run the built package: `npm test` builds before it tests.
test('services in other threads, patches for all of them, and those that start there later', async () => {
  const node = await startTestNode(
    { thread: 3, snax: ['./snax/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );
  await node.run(async (skynet) => {
    const snax = createSnax(skynet);
    const start = (thread: number, count: number) =>
      snax.newService<Counter>({ name: 'counter', thread }, count, { any: [1] });
    const objects = await Promise.all([0, 1, 2].map((thread) => start(thread, thread + 5)));
    objects[2]?.post.add(10);
    expect(await Promise.all(objects.map((object) => object.req.get()))).toEqual([5, 6, 17]);
    const text = 'let count; response.get = () => -count; function hotfix() { return count; }';
    expect((await snax.hotfix<number[]>('counter', text)).sort((a, b) => a - b)).toEqual([5, 6, 17]);
    const later = await start(1, 9);
    expect(await later.req.get()).toBe(-9);
    expect(await snax.hotfix(objects[1] as (typeof objects)[1], './patches/double.ts', 50)).toBe(6);
    expect(await objects[1]?.req.get()).toBe(-50);
    await snax.kill(later, 'bye');
    await node.logged(/counter exit 9 bye/);
    const [one, same] = await Promise.all([
      snax.uniqueService<Counter>('counter', 1),
      snax.uniqueService('counter', 2),
    ]);
    expect(one).toBe(same);
    expect(await one.req.get()).toBe(-1);
  });
});
