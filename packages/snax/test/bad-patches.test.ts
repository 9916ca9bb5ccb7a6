import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Skynet } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { createSnax, type Snax, type SnaxObject } from '@skynet/snax';
import { describe, expect, onTestFinished, test } from 'vitest';
import type mortal from './fixtures/snax/mortal.ts';

type Mortal = typeof mortal;

const start = (thread = 1): Promise<TestNode> =>
  startTestNode(
    { thread, watchdog: false, snax: ['./snax/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );

async function withMortal(
  work: (snax: Snax, object: SnaxObject<Mortal>, skynet: Skynet, node: TestNode) => Promise<void>,
  { threads = 1, thread = 0 } = {},
): Promise<void> {
  const node = await start(threads);
  await node.run(async (skynet) => {
    const snax = createSnax(skynet);
    await work(snax, await snax.newService<Mortal>({ name: 'mortal', thread }), skynet, node);
  });
}

interface Bad {
  readonly what: string;
  readonly text: string;
  readonly code: string;
  readonly message: RegExp;
  readonly details?: Readonly<Record<string, unknown>>;
}

const BAD: readonly Bad[] = [
  {
    what: 'a wrong name',
    text: 'response.get = () => 0;\nresponse.nope = () => 1;',
    code: 'ERR_PATCH_MISMATCH',
    message: /Patch mismatch response\.nope/,
    details: { function: 'response.nope', line: 2 },
  },
  {
    what: 'the wrong table',
    text: 'accept.get = () => 0;',
    code: 'ERR_PATCH_MISMATCH',
    message: /accept\.get/,
    details: { function: 'accept.get', line: 1 },
  },
  {
    what: 'a number',
    text: '\naccept.die = 5;',
    code: 'ERR_PATCH_MISMATCH',
    message: /must be a function/,
    details: { function: 'accept.die', line: 2 },
  },
  {
    what: 'null',
    text: 'response.get = null;',
    code: 'ERR_PATCH_MISMATCH',
    message: /must be a function/,
    details: { function: 'response.get' },
  },
  {
    what: 'something else than a function for hotfix',
    text: 'const hotfix = 5;',
    code: 'ERR_PATCH_MISMATCH',
    message: /hotfix/,
    details: { function: 'hotfix' },
  },
  {
    what: 'no program',
    text: 'response.get = () =>\n{ return (;',
    code: 'ERR_PATCH_SYNTAX',
    message: /patch:2: /,
    details: { line: 2 },
  },
  {
    what: 'half a program',
    text: 'response.get = () => {',
    code: 'ERR_PATCH_SYNTAX',
    message: /patch:1: /,
    details: { line: 1 },
  },
  {
    what: 'an import',
    text: "import fs from 'node:fs';",
    code: 'ERR_PATCH_SYNTAX',
    message: /patch:1: /,
    details: { line: 1 },
  },
  {
    what: 'a throw at load',
    text: 'response.get = () => 0;\nthrow new Error("at load");',
    code: 'ERR_PATCH_LOAD',
    message: /patch:2: .*at load/,
    details: { line: 2 },
  },
  {
    what: 'something odd that is thrown',
    text: 'throw 5;',
    code: 'ERR_PATCH_LOAD',
    message: /failed while it was loaded/,
  },
  {
    what: 'a name that is nowhere, called at load',
    text: '\nnobody();',
    code: 'ERR_PATCH_LOAD',
    message: /patch:2: /,
    details: { line: 2 },
  },
  {
    what: 'an endless loop at load',
    text: 'response.get = () => 0; for (;;);',
    code: 'ERR_PATCH_LOAD',
    message: /longer than 1000 ms/,
  },
  {
    what: 'a throw in hotfix',
    text: 'response.get = () => 0;\nfunction hotfix() {\n  throw new Error("in hotfix");\n}',
    code: 'ERR_PATCH_HOTFIX',
    message: /patch:3: .*in hotfix/,
    details: { function: 'hotfix', line: 3 },
  },
  {
    what: 'a late throw in hotfix',
    text: 'response.get = () => 0;\nasync function hotfix() { await null; throw new Error("later"); }',
    code: 'ERR_PATCH_HOTFIX',
    message: /later/,
    details: { function: 'hotfix', line: 2 },
  },
  {
    what: 'a local that is not there',
    text: 'response.get = () => 0;\ndeclare let nobody;\naccept.leave = () => nobody;',
    code: 'ERR_PATCH_LOCAL',
    message: /patch:2: mortal has registered no local nobody, which accept\.leave uses/,
    details: { local: 'nobody', function: 'accept.leave', line: 2 },
  },
];

describe('a bad patch is refused whole, with a code, and says where', () => {
  test.each(BAD)('$what', ({ text, code, message, details }) =>
    withMortal(async (snax, object) => {
      expect(await object.req.get()).toBe(1);
      const failure: unknown = await snax.hotfix(object, text).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code, message: expect.stringMatching(message) as unknown });
      if (details !== undefined) expect(failure).toMatchObject({ details });
      // For a script it is the same, and nobody keeps it.
      await expect(snax.hotfix('mortal', text)).rejects.toMatchObject({ code });
      expect(await object.req.get()).toBe(2);
      expect(await snax.versions(object)).toHaveLength(1);
      expect(await (await snax.newService<Mortal>('mortal')).req.get()).toBe(1);
      // And the next good one comes into force.
      expect(await snax.hotfix(object, 'let count; function hotfix() { return count; }')).toBe(2);
    }),
  );

  test.each([
    ['export default 5;', 'ERR_PATCH_SYNTAX', /no patch as default export/],
    ['throw new Error("at load");', 'ERR_PATCH_LOAD', /at load/],
    ["import './nowhere.mjs';", 'ERR_PATCH_LOAD', /cannot be loaded/],
    [patchOf('() => { throw new Error("made"); }'), 'ERR_PATCH_LOAD', /made/],
    [patchOf('() => { for (;;); }'), 'ERR_PATCH_LOAD', /longer than 1000 ms/],
    [patchOf('() => 5'), 'ERR_PATCH_MISMATCH', /no table of functions/],
    [patchOf('() => ({ response: { nope() {} } })'), 'ERR_PATCH_MISMATCH', /response\.nope/],
    [patchOf('() => ({ answer: { get() {} } })'), 'ERR_PATCH_MISMATCH', /answer/],
    [patchOf('() => ({ response: 5 })'), 'ERR_PATCH_MISMATCH', /response/],
    [patchOf('() => ({ response: { get: 5 } })'), 'ERR_PATCH_MISMATCH', /must be a function/],
    [
      patchOf('(snax, locals) => ({ response: { get: () => locals.nobody } })'),
      'ERR_PATCH_LOCAL',
      /nobody, which response\.get uses/,
    ],
    [patchOf('(snax, { nobody }) => ({})'), 'ERR_PATCH_LOCAL', /nobody/],
    [patchOf('() => ({ hotfix() { throw new Error("in it"); } })'), 'ERR_PATCH_HOTFIX', /in it/],
  ])('as a module: %s', (text, code, message) =>
    withMortal(async (snax, object) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'patch-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const file = path.join(folder, 'patch.mjs');
      writeFileSync(file, text);
      await expect(snax.hotfix(object, { file })).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message) as unknown,
      });
      expect(await object.req.get()).toBe(1);
      expect(await snax.versions(object)).toHaveLength(1);
      await expect(snax.hotfix(object, { file: path.join(folder, 'none.mjs') })).rejects.toMatchObject({
        code: 'ERR_PATCH_SYNTAX',
      });
    }),
  );

  test.each([undefined, null, 5, {}, { file: 5 }, { file: '' }, { text: null }, []])(
    'as something else: %j',
    (source) =>
      withMortal(async (snax, object) => {
        await expect(snax.hotfix(object, source as never)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
        await expect(snax.rollout('mortal', source as never)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
        await expect(snax.hotfix(source as never, 'let a;')).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
      }),
  );
});

/** A module without imports: what `definePatch` makes. */
function patchOf(make: string): string {
  return `export default { kind: 'skynet.snax.patch', make: ${make} };`;
}

test('a module that is no program, where Node loads it', () =>
  withMortal(
    async (snax, object) => {
      const folder = mkdtempSync(path.join(tmpdir(), 'patch-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const file = path.join(folder, 'patch.mjs');
      writeFileSync(file, 'export default {');
      await expect(snax.hotfix(object, { file })).rejects.toMatchObject({ code: 'ERR_PATCH_SYNTAX' });
      expect(await object.req.get()).toBe(1);
    },
    { threads: 2, thread: 1 },
  ));

describe('a patch in a bad moment', () => {
  test('two at the same moment come one after another, each upon the other', () =>
    withMortal(async (snax, object, skynet) => {
      const slow = snax.hotfix(
        object,
        'let skynet; response.get = () => 1; async function hotfix() { await skynet.sleep(5); return "slow"; }',
      );
      const [first, second, third] = await Promise.allSettled([
        slow,
        snax.hotfix(object, 'response.free = () => 2; function hotfix() { throw new Error("second"); }'),
        snax.hotfix(object, 'response.free = () => 3; function hotfix() { return "third"; }'),
      ]);
      expect(first).toEqual({ status: 'fulfilled', value: 'slow' });
      expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ERR_PATCH_HOTFIX' } });
      expect(third).toEqual({ status: 'fulfilled', value: 'third' });
      expect([await object.req.get(), await object.req.free()]).toEqual([1, 3]);
      const both = await Promise.allSettled([
        snax.hotfix('mortal', 'response.get = () => 4;'),
        snax.hotfix('mortal', 'response.get = () => 5;'),
      ]);
      expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
      const answer = await object.req.get();
      expect([4, 5]).toContain(answer);
      expect(await (await snax.newService<Mortal>('mortal')).req.get()).toBe(answer);
      expect(skynet.mqlen()).toBe(0);
    }));

  test('while the service ends: the caller is told', () =>
    withMortal(async (snax, object, skynet) => {
      const text = 'let skynet; response.get = () => 1; async function hotfix() { await skynet.wait(); }';
      const patching = snax.hotfix(object, text);
      // Its hotfix waits, and so does the next one for it.
      const next = snax.hotfix(object, 'response.get = () => 2;');
      await object.req.free();
      object.post.leave();
      await expect(patching).rejects.toMatchObject({ code: 'ERR_SERVICE_GONE' });
      await expect(next).rejects.toMatchObject({ code: 'ERR_SERVICE_GONE' });
      const leaving = await snax.newService<Mortal>('mortal');
      const ending = snax.kill(leaving, 5);
      // Its exit function waits; until it has ended it takes patches.
      expect(await snax.hotfix(leaving, 'function hotfix() { return "late"; }')).toBe('late');
      await ending;
      await expect(snax.hotfix(leaving, 'let a;')).rejects.toMatchObject({ code: 'ERR_NO_SERVICE' });
      // For the script, who has ended meanwhile needs none.
      expect(await snax.hotfix('mortal', 'response.get = () => 7;')).toEqual([]);
      skynet.error('done');
    }));

  test('while its thread dies: the caller is told, and the others have it', () =>
    withMortal(
      async (snax, object, skynet, node) => {
        const other = await snax.newService<Mortal>({ name: 'mortal', thread: 0 });
        const waiting = snax.hotfix(object, 'let skynet; async function hotfix() { await skynet.wait(); }');
        await object.req.free();
        object.post.die();
        await expect(waiting).rejects.toMatchObject({ code: 'ERR_SERVICE_GONE' });
        await node.logged(/thread 1 was lost with/);
        const again = await snax.newService<Mortal>({ name: 'mortal', thread: 1 });
        const rolling = snax.hotfix<unknown[]>(
          'mortal',
          'let skynet; response.get = () => 9; async function hotfix() { if (skynet.self() === VICTIM) process.exit(8); return 1; }'.replace(
            'VICTIM',
            String(again.handle),
          ),
        );
        expect(await rolling).toEqual([1]);
        expect(await other.req.get()).toBe(9);
        expect(await (await snax.newService<Mortal>({ name: 'mortal', thread: 1 })).req.get()).toBe(9);
        skynet.error('done');
      },
      { threads: 2, thread: 1 },
    ));

  test('while requests of the old version run for long: they end in the old code', () =>
    withMortal(async (snax, object) => {
      const running = [object.req.long()];
      await object.req.get();
      await snax.hotfix(
        object,
        'let count; response.long = () => "new " + count; function hotfix() { count = 50; }',
      );
      expect(await object.req.long()).toBe('new 50');
      await snax.hotfix(object, 'response.long = () => "newer";');
      expect(await object.req.long()).toBe('newer');
      await snax.rollback(object, 0);
      await object.req.free();
      expect(await running[0]).toBe('old 50');
    }));
});
