import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { createSnax, type SnaxObject } from '@skynet/snax';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../test/runs.ts';
import type counter from './fixtures/snax/counter.ts';

type Counter = typeof counter;

/** What one instance is by the rules: its state, its versions, which of them is in force. */
interface Model {
  count: number;
  versions: { n: number; factor: number; before: number }[];
  current: number;
  next: number;
}

type Step =
  | { readonly op: 'add'; readonly n: number }
  | { readonly op: 'patch'; readonly factor: number; readonly isBad: boolean }
  | { readonly op: 'back'; readonly to: number | undefined }
  | { readonly op: 'move'; readonly thread: number }
  | { readonly op: 'kill'; readonly isHard: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: fc.constant('add' as const), n: fc.integer({ min: 0, max: 9 }) }),
  fc.record({
    op: fc.constant('patch' as const),
    factor: fc.integer({ min: 2, max: 9 }),
    isBad: fc.boolean(),
  }),
  fc.record({ op: fc.constant('back' as const), to: fc.option(fc.nat({ max: 4 }), { nil: undefined }) }),
  fc.record({ op: fc.constant('move' as const), thread: fc.nat({ max: 2 }) }),
  fc.record({ op: fc.constant('kill' as const), isHard: fc.boolean() }),
);

/** 25 sequences; `SKYNET_FUZZ=40` tries a thousand. */
const SEQUENCES = runs(25);

const FIRST: Model = { count: 0, versions: [{ n: 0, factor: 1, before: 0 }], current: 0, next: 1 };

// The further threads of this node run the built package: `npm test` builds before it tests.
test('any sequence of calls, patches that succeed or fail, rollbacks, moves and kills does what the rules say', async () => {
  const node = await startTestNode(
    { thread: 3, snax: ['./snax/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)) },
  );
  try {
    await node.run(async (skynet) => {
      const snax = createSnax(skynet);
      await skynet.await(
        fc.assert(
          fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
            await node.run(async () => {
              let object = await snax.newService<Counter>('counter', 0);
              let model = structuredClone(FIRST);
              for (const each of steps) {
                if (each.op !== 'kill') {
                  await take(object, model, each);
                  continue;
                }
                if (each.isHard) skynet.kill(object.handle);
                else await snax.kill(object);
                const killed = object;
                await expect(
                  (async () => {
                    for (;;) await killed.req.get();
                  })(),
                ).rejects.toThrow(/ended before it answered|invalid address/);
                object = await snax.newService<Counter>('counter', 0);
                model = structuredClone(FIRST);
              }
              expect(await object.req.get()).toBe(model.count);
              const versions = await snax.versions(object);
              expect(versions.map(({ n }) => n)).toEqual(model.versions.map(({ n }) => n));
              expect(versions.find(({ current }) => current)?.n).toBe(model.current);
              await snax.kill(object);
            });
          }),
          { numRuns: SEQUENCES },
        ),
      );

      async function take(object: SnaxObject<Counter>, model: Model, each: Step): Promise<void> {
        if (each.op === 'add') {
          object.post.add(each.n);
          const { factor } = model.versions.find(({ n }) => n === model.current) as { factor: number };
          model.count += factor * each.n;
          expect(await object.req.get()).toBe(model.count);
        } else if (each.op === 'move') {
          // What has been posted before comes before.
          object.post.add(1);
          model.count += (model.versions.find(({ n }) => n === model.current) as { factor: number }).factor;
          await skynet.move(object.handle, { thread: each.thread });
          expect(await object.req.get()).toBe(model.count);
        } else if (each.op === 'patch') {
          const end = each.isBad ? `function hotfix() { throw new Error('bad'); }` : '';
          const patching = snax.hotfix(
            object,
            `let count; accept.add = (n) => { count += ${each.factor} * n; }; ${end}`,
          );
          if (each.isBad) {
            await expect(patching).rejects.toThrow(/bad/);
            model.next++;
          } else {
            await patching;
            model.versions.push({ n: model.next, factor: each.factor, before: model.current });
            model.current = model.next++;
          }
        } else if (each.op === 'back') {
          const version = model.versions.find(({ n }) => n === model.current);
          const to = each.to ?? (model.current === 0 ? undefined : version?.before);
          const back = snax.rollback(object, each.to);
          if (to === undefined || !model.versions.some(({ n }) => n === to))
            await expect(back).rejects.toThrow(/no version/);
          else {
            await back;
            model.current = to;
          }
        }
      }
    });
  } finally {
    await node.stop();
  }
}, 600_000);
