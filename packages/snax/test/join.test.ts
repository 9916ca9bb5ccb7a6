import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { createSnax, type SnaxObject } from '@skynet/snax';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runs } from '../../../test/runs.ts';
import { joinLocals } from '../src/join.ts';
import { Locals } from '../src/locals.ts';
import type plain from './fixtures/snax/plain.ts';

type Plain = typeof plain;

const code = (expected: string) => expect.objectContaining({ code: expected });

/** Accessors that a setup function leaves, and what it returns. */
function collected(text: string): { locals: Locals; result: unknown } {
  const joined = joinLocals(text);
  if (joined === undefined) throw new Error('nothing was joined');
  expect(joined.split('\n')).toHaveLength(text.split('\n').length);
  const run = new Function('defineSnax', joined.replace(/^\s*(import|export) .*$/gm, ''));
  const locals = new Locals();
  let result: unknown;
  run((setup: (...args: unknown[]) => unknown) => {
    result = locals.collect(() => setup('the context', { globals: 1 }));
  });
  return { locals, result };
}

describe('the line that the loader writes', () => {
  test.each<[string, string, Record<string, unknown>]>([
    ['let and var', 'defineSnax(() => { let a = 1; var b = 2; return 0; })', { a: 1, b: 2 }],
    [
      'parameters',
      'defineSnax((skynet, { globals }) => { return 0; })',
      { skynet: 'the context', globals: 1 },
    ],
    [
      'patterns',
      'defineSnax(() => { const { a, b: [c = 3, ...d], ...e } = { a: 1, b: [undefined, 4], f: 5 }; return 0; })',
      { a: 1, c: 3, d: [4], e: { f: 5 } },
    ],
    ['what is declared by name', 'function setup() { let a = 1; return 0; }\ndefineSnax(setup)', { a: 1 }],
    [
      'an arrow kept in a constant',
      'const setup = () => { let a = 1; return 0; };\ndefineSnax(setup)',
      { a: 1 },
    ],
    [
      'variables of the module',
      'let a = 1;\nconst b = 2;\ndefineSnax(() => { let c = 3; return 0; })',
      { a: 1, b: 2, c: 3 },
    ],
    ['the nearer of two', 'let a = 1;\ndefineSnax(() => { let a = 2; return 0; })', { a: 2 }],
    ['a table alone', 'let a = 1;\ndefineSnax((x) => ({ b: 2 }))', { a: 1, x: 'the context' }],
    ['behind a directive', 'defineSnax(function () { "use strict"; let a = 1; return 0; })', { a: 1 }],
  ])('joins %s', (_what, text, expected) => {
    const { locals, result } = collected(text);
    expect(Object.fromEntries(Object.entries(locals.all))).toMatchObject(expected);
    expect([0, { b: 2 }]).toContainEqual(result);
  });

  test('writes to what can be written to, and to nothing else', () => {
    const { locals } = collected(
      'defineSnax(() => { let a = 1; const b = 2; return () => [a, b]; })'.replace('() => [a, b]', '0'),
    );
    const all = locals.all as { a: number; b: number };
    all.a = 5;
    expect(all.a).toBe(5);
    expect(() => {
      all.b = 6;
    }).toThrow(TypeError);
  });

  test.each([
    'let a = 1;',
    'defineSnax(imported)',
    'defineSnax()',
    'const defineSnax = 5;',
    'this is no program, defineSnax(',
  ])('leaves %j as it is', (text) => {
    expect(joinLocals(text)).toBeUndefined();
  });

  test('makes variables again of what a transpiler has made constants', () => {
    const written =
      'let a = 1, b: number;\nconst c = 3;\ndefineSnax(() => { let { d }: { d: number } = { d: 4 }; const e = 5; });';
    const made = 'const a=1;let b;const c=3;defineSnax(()=>{const{d}={d:4};const e=5});';
    expect(joinLocals(made, written)).toMatch(/^let a=1;let b;const c=3;.*let\{d\}=\{d:4\};const e=5\}\);$/s);
  });

  test('leaves what it has written itself', () => {
    const once = joinLocals('defineSnax(() => { let a = 1; return 0; })') as string;
    expect(joinLocals(once)).toBeUndefined();
  });

  test('whatever the variables are called, the program still runs and they are there', () => {
    const name = fc.stringMatching(/^[a-z$_][a-zA-Z0-9$]{0,3}$/).filter((word) => {
      try {
        new Function(`'use strict'; let ${word};`);
        return !word.startsWith('__');
      } catch {
        return false;
      }
    });
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 5 }), (names) => {
        const lets = names.map((each, i) => `let ${each} = ${i};`).join(' ');
        const { locals } = collected(`defineSnax(() => { ${lets} return 0; })`);
        names.forEach((each, i) => {
          expect((locals.all as Record<string, unknown>)[each]).toBe(i);
        });
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('a script that gives no accessors', () => {
  // The second thread runs the built package, and Node's hooks; in this one Vite does the same.
  test.each([0, 1])('is patched by text and by module in thread %i', async (thread) => {
    const node = await startTestNode(
      { thread: 2, snax: ['./snax/?'] },
      { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
    );
    await node.run(async (skynet) => {
      const snax = createSnax(skynet);
      const object: SnaxObject<Plain> = await snax.newService<Plain>({ name: 'plain', thread }, 5);
      object.post.add(2);
      expect(await object.req.see('one')).toBe(1);
      const before = await snax.hotfix(
        object,
        `declare let count: number; declare const seen: Map<string, number>; declare function double(n: number): number;
         response.get = () => double(count) + seen.size;
         function hotfix() { const before = count; count = 20; return before; }`,
      );
      expect(before).toBe(7);
      expect(await object.req.get()).toBe(41);
      // The service's own functions see what the patch has written.
      object.post.add(1000);
      expect((await object.req.all())[0]).toBe(100);
      expect(await snax.hotfix(object, './patches/plain.ts')).toBe(500);
      object.post.add(1000);
      expect(await object.req.get()).toBe(10_000);
      await snax.rollback(object, 0);
      expect(await object.req.get()).toBe(1000);

      const nobody = await snax.hotfix(object, './patches/nobody.ts').catch((error: unknown) => error);
      expect(nobody).toEqual(code('ERR_PATCH_LOCAL'));
      expect(nobody).toMatchObject({ details: { local: 'nobody', function: 'response.get', line: 11 } });
      const text = '\ndeclare let nobody: number;\nresponse.get = () => nobody;';
      await expect(snax.hotfix(object, text)).rejects.toMatchObject({
        code: 'ERR_PATCH_LOCAL',
        details: { local: 'nobody', function: 'response.get', line: 2 },
      });
      await expect(
        snax.hotfix(object, 'let seen; accept.add = () => { seen = 1; };').then(() => object.req.get()),
      ).resolves.toBe(1000);
      object.post.add(1);
      await node.logged(/Cannot set property seen/);
    });
  });

  test('moves with its variables, its versions and its globals', async () => {
    const node = await startTestNode(
      { thread: 3, snax: ['./snax/?'] },
      { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
    );
    await node.run(async (skynet) => {
      const snax = createSnax(skynet);
      const object: SnaxObject<Plain> = await snax.newService<Plain>({ name: 'plain', thread: 0 }, 5);
      await object.req.see('one');
      await snax.hotfix(
        object,
        'let count; let mine; response.get = () => [since, mine, count++]; function hotfix() { mine = 3; since = "patch"; }',
      );
      await snax.hotfix(object, 'response.slow = () => "second";');
      const versions = await snax.versions(object);
      for (const thread of [1, 2, 0]) {
        const [, , count] = (await object.req.get()) as unknown as number[];
        await skynet.move(object.handle, { thread });
        expect(await object.req.get()).toEqual(['patch', 3, (count as number) + 1]);
        expect(await object.req.slow(1)).toBe('second');
        expect(await object.req.all()).toMatchObject([expect.any(Number), [['one', 1]], ['one'], 4]);
        expect(await snax.versions(object)).toEqual(versions);
      }
      await snax.rollback(object);
      await skynet.move(object.handle, { thread: 1 });
      expect(await object.req.slow(1)).toBeTypeOf('number');
      await snax.rollback(object);
      expect(await object.req.get()).toBeTypeOf('number');
      expect((await snax.versions(object)).map(({ n, current }) => [n, current])).toEqual([
        [0, true],
        [1, false],
        [2, false],
      ]);
    });
  });
});
