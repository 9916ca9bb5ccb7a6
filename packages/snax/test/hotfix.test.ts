import { fileURLToPath } from 'node:url';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { createSnax, type Snax, type SnaxObject } from '@skynet/snax';
import { describe, expect, onTestFinished, test } from 'vitest';
import type counter from './fixtures/snax/counter.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
type Counter = typeof counter;

const start = (): Promise<TestNode> =>
  startTestNode(
    { snax: ['./snax/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );

/** A counter that stands at 5. */
async function withCounter(
  work: (snax: Snax, object: SnaxObject<Counter>, node: TestNode) => Promise<void>,
): Promise<void> {
  const node = await start();
  await node.run(async (skynet) => {
    const snax = createSnax(skynet);
    await work(snax, await snax.newService<Counter>('counter', 5, 'first'), node);
  });
}

describe('a patch that is text', () => {
  test('joins locals that it declares without a value, sees globals undeclared, and gives what hotfix returns', () =>
    withCounter(async (snax, object) => {
      const result = await snax.hotfix(
        object,
        `let count;
         accept.add = (n) => { count = count + 2 * n; };
         response.label = () => label + '!';
         function hotfix(to) { const before = count; count = to; label = 'patched'; return before; }`,
        100,
      );
      expect(result).toBe(5);
      object.post.add(10);
      expect(await object.req.get()).toBe(120);
      expect(await object.req.label()).toBe('patched!');
    }));

  test('with types, when esbuild is there; `declare let` must name a local of the service', () =>
    withCounter(async (snax, object) => {
      await snax.hotfix(
        object,
        'declare let count: number;\naccept.add = (n: number): void => { count += 3 * n; };',
      );
      object.post.add(1);
      expect(await object.req.get()).toBe(8);
      await expect(
        snax.hotfix(object, '\ndeclare let nobody: number;\naccept.add = () => nobody;'),
      ).rejects.toThrow(/patch:2: counter has registered no local nobody/);
      await expect(snax.hotfix(object, 'declare let nobody;')).rejects.toThrow(code('ERR_PATCH_LOCAL'));
      object.post.add(1);
      expect(await object.req.get()).toBe(11);
    }));

  test('what it declares not is undefined in it, and what it declares anew is kept for later patches', () =>
    withCounter(async (snax, object) => {
      await snax.hotfix(
        object,
        'let mine; response.none = () => [typeof count, mine]; function hotfix() { mine = 7; }',
      );
      expect(await object.req.none()).toEqual(['undefined', 7]);
      await snax.hotfix(object, 'let mine; response.none = () => mine + 1;');
      expect(await object.req.none()).toBe(8);
    }));

  test('assigning to a global at its top changes nothing in the service', () =>
    withCounter(async (snax, object) => {
      await snax.hotfix(object, `label = 'top'; response.none = () => label;`);
      expect(await object.req.none()).toBe('first');
    }));

  test.each([
    ['function (', 'ERR_PATCH_SYNTAX', /patch:1: /],
    ['\n\nlet = ;', 'ERR_PATCH_SYNTAX', /patch:3: /],
    ['response.get = () => 1; response.nope = () => 2;', 'ERR_PATCH_MISMATCH', /response\.nope/],
    ['accept.add = 5;', 'ERR_PATCH_MISMATCH', /accept\.add: it must be a function/],
    ['response.get = () => 1; throw new Error("at load");', 'ERR_PATCH_LOAD', /at load/],
    ['response.get = () => 1; for (;;);', 'ERR_PATCH_LOAD', /longer than/],
    [
      'response.get = () => 1; function hotfix() { throw new Error("in hotfix"); }',
      'ERR_PATCH_HOTFIX',
      /in hotfix/,
    ],
    [
      'response.get = () => 1; async function hotfix() { throw new Error("later"); }',
      'ERR_PATCH_HOTFIX',
      /later/,
    ],
  ])('%j is refused whole, with %s', (text, expected, message) =>
    withCounter(async (snax, object) => {
      const failure = await snax.hotfix(object, text).catch((error: unknown) => error);
      const { code: got, cause } = failure as { code: string; cause?: { code?: string } };
      expect([got, cause?.code]).toContain(expected);
      expect(String(failure)).toMatch(message);
      expect(await object.req.get()).toBe(5);
      expect(await snax.versions(object)).toHaveLength(1);
    }),
  );

  test('shadowed names, shorthands and patterns are told apart', () =>
    withCounter(async (snax, object) => {
      await snax.hotfix(
        object,
        `let count; let log;
         response.none = () => {
           const inner = ((count) => count)(1);
           { let count = 2; log.push(count); }
           [count] = [count + 1];
           ({ count } = { count: count + 1 });
           const { count: other = count } = {};
           return { count, inner, other, log: log.length, keys: Object.keys({ count }) };
         };`,
      );
      expect(await object.req.none()).toEqual({ count: 7, inner: 1, other: 7, log: 2, keys: ['count'] });
    }));
});

describe('a patch that is a module', () => {
  test('has the locals it is typed with, and runs hotfix with arguments', () =>
    withCounter(async (snax, object) => {
      expect(await snax.hotfix(object, './patches/double.ts', 50)).toBe(5);
      object.post.add(10);
      expect(await object.req.get()).toBe(70);
      expect(await object.req.label()).toBe('patched');
      await expect(snax.hotfix(object, './patches/nosuch.ts')).rejects.toThrow(code('ERR_PATCH_SYNTAX'));
      await expect(snax.hotfix(object, { file: './snax/broken.ts' })).rejects.toThrow(
        /no patch as default export/,
      );
    }));
});

describe('versions', () => {
  test('are numbered, say where they are from, and can be put in force again', () =>
    withCounter(async (snax, object) => {
      await snax.hotfix(object, 'response.get = () => 1;');
      await snax.hotfix(object, 'response.get = () => 2;');
      expect(await snax.versions(object)).toMatchObject([
        { n: 0, origin: expect.stringContaining('counter.ts'), current: false },
        { n: 1, origin: 'text', functions: ['response.get'], hash: expect.stringMatching(/^[\da-f]{10}$/) },
        { n: 2, current: true, time: expect.any(Number), by: expect.stringMatching(/^:/) },
      ]);
      await snax.rollback(object);
      expect(await object.req.get()).toBe(1);
      await snax.rollback(object, 0);
      expect(await object.req.get()).toBe(5);
      await expect(snax.rollback(object)).rejects.toThrow(/no version before 0/);
      await expect(snax.rollback(object, 8)).rejects.toThrow(code('ERR_PATCH_VERSION'));
      await expect(snax.rollback(object, 9)).rejects.toThrow(/no version 9/);
      await snax.hotfix(object, 'response.get = () => 3;');
      await snax.rollback(object);
      expect(await object.req.get()).toBe(5);
    }));

  test('requests that run finish in the code they began with', () =>
    withCounter(async (snax, object) => {
      const running = object.req.slowCount(3);
      await object.req.get();
      await snax.hotfix(
        object,
        `let count; response.slowCount = () => 'new'; function hotfix() { count = 100; }`,
      );
      expect(await object.req.slowCount(1)).toBe('new');
      expect(await running).toBe('old 5 100');
    }));

  test('patches at the same moment come one after another', () =>
    withCounter(async (snax, object) => {
      const texts = [1, 2, 3].map((n) => `response.get = () => ${n}; function hotfix() { return ${n}; }`);
      expect(await Promise.all(texts.map((text) => snax.hotfix(object, text)))).toEqual([1, 2, 3]);
      expect(await object.req.get()).toBe(3);
      expect(await snax.versions(object)).toHaveLength(4);
    }));
});

describe('a patch for a script', () => {
  test('reaches all its instances, and those that start later; so does its taking back', () =>
    withCounter(async (snax, object) => {
      const other = await snax.newService<Counter>('counter', 6);
      const results = await snax.hotfix(
        'counter',
        'let count; response.get = () => -count; function hotfix() { return count; }',
      );
      expect(results).toEqual([5, 6]);
      const later = await snax.newService<Counter>('counter', 7);
      const get = () => Promise.all([object, other, later].map((each) => each.req.get()));
      expect(await get()).toEqual([-5, -6, -7]);
      await snax.rollback('counter');
      expect(await get()).toEqual([5, 6, 7]);
      // What was taken back can be given again.
      await snax.hotfix('counter', 'response.get = () => 1;');
      expect(await get()).toEqual([1, 1, 1]);
      await snax.rollback('counter');
      expect(await get()).toEqual([5, 6, 7]);
      expect(await (await snax.newService<Counter>('counter', 8)).req.get()).toBe(8);
    }));

  test('is taken back everywhere when one instance refuses it', () =>
    withCounter(async (snax, object) => {
      const other = await snax.newService<Counter>('counter', 6);
      const text = `let count; response.get = () => 0; function hotfix() { if (count === 6) throw new Error('not here'); }`;
      await expect(snax.hotfix('counter', text)).rejects.toThrow(/not here/);
      expect([await object.req.get(), await other.req.get()]).toEqual([5, 6]);
      expect(await (await snax.newService<Counter>('counter', 8)).req.get()).toBe(8);
    }));

  test('comes first to a canary, and goes back from it when that fails more than before', () =>
    withCounter(async (snax, object, node) => {
      const other = await snax.newService<Counter>('counter', 6);
      await node.run(async (skynet) => {
        const text = `response.get = () => { throw new Error('bad'); };`;
        const rollout = snax.rollout('counter', text, { canary: { watch: 300 } });
        let failed = false;
        while (!failed) {
          await skynet.sleep(1);
          failed = await object.req.get().then(
            () => false,
            () => true,
          );
        }
        expect(await other.req.get()).toBe(6);
        await expect(rollout).rejects.toThrow(code('ERR_PATCH_ROLLOUT'));
        await expect(rollout).rejects.toThrow(/100\.0 % of its requests, before the patch in 0\.0 %/);
        expect(await object.req.get()).toBe(5);
        const good = await snax.rollout('counter', 'response.get = () => 1;', { canary: { watch: 1 } });
        expect(good.instances).toHaveLength(2);
        expect(await other.req.get()).toBe(1);
      });
    }));

  test('comes first to a canary until somebody says how it goes on', () =>
    withCounter(async (snax, object) => {
      const other = await snax.newService<Counter>('counter', 6);
      const get = () => Promise.all([object, other].map((each) => each.req.get()));
      const underWay = async (watch: string, n: number) => {
        const rollout = snax.rollout('counter', `response.get = () => ${n};`, { canary: { watch } });
        while ((await snax.canaries())['counter'] === undefined) await object.req.get();
        return { rollout };
      };
      const { rollout: first } = await underWay('told', 1);
      expect(await snax.canaries()).toEqual({ counter: { canary: expect.any(String), origin: 'text' } });
      expect(await get()).toEqual([1, 6]);
      await snax.decide('counter', 'go');
      expect((await first).instances).toHaveLength(2);
      expect(await get()).toEqual([1, 1]);
      // A time may be cut short, too.
      const { rollout: second } = await underWay('1h', 2);
      await snax.decide('counter', 'back');
      await expect(second).rejects.toThrow(code('ERR_PATCH_ROLLOUT'));
      expect(await get()).toEqual([1, 1]);
      expect(await snax.canaries()).toEqual({});
      await expect(snax.decide('counter', 'go')).rejects.toThrow(code('ERR_PATCH_ROLLOUT'));
      await expect(snax.decide('counter', 'on' as never)).rejects.toThrow(code('ERR_ARGUMENT'));
    }));

  test('is not taken for another node that is none, or not there', () =>
    withCounter(async (snax, object) => {
      const text = 'response.get = () => 1;';
      await expect(snax.rollout('nosuch', text)).rejects.toThrow(code('ERR_SERVICE_NOT_FOUND'));
      await expect(snax.hotfix('nosuch', text)).rejects.toThrow(code('ERR_SERVICE_NOT_FOUND'));
      await expect(snax.rollout('counter', text, { canry: {} } as never)).rejects.toThrow(
        code('ERR_ARGUMENT'),
      );
      await expect(snax.rollout('counter', text, { nodes: [9] })).rejects.toThrow(code('ERR_PATCH_NODE'));
      await expect(snax.rollout('counter', text, { nodes: ['db'] })).rejects.toThrow(code('ERR_ARGUMENT'));
      await expect(snax.rollout('counter', text, { nodes: [0] })).rejects.toThrow(code('ERR_ARGUMENT'));
      const cluster = { call: () => Promise.reject(new Error('no such service')) };
      await expect(snax.rollout('counter', text, { nodes: ['db'], cluster })).rejects.toMatchObject({
        code: 'ERR_PATCH_NODE',
        details: { node: 'db' },
      });
      expect(await object.req.get()).toBe(5);
      expect(await (await snax.newService<Counter>('counter', 8)).req.get()).toBe(8);
    }));
});
