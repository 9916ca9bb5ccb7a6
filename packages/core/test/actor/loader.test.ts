import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { isSkynetError, ServiceLoader, type SkynetError } from '@skynet/core';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let base = '';

beforeAll(() => {
  base = mkdtempSync(path.join(tmpdir(), 'skynet-loader-'));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

function write(file: string, text: string): void {
  const location = path.join(base, file);
  mkdirSync(path.dirname(location), { recursive: true });
  writeFileSync(location, text);
}

/** Text of a module whose service returns the given word. */
function service(word: string): string {
  return `export default { kind: 'skynet.service', start: () => '${word}' };\n`;
}

async function wordOf(loader: ServiceLoader, name: string): Promise<unknown> {
  const { start } = await loader.load(name);
  return (start as () => unknown)();
}

async function failure(work: Promise<unknown>): Promise<SkynetError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isSkynetError(error)) throw new Error(`no coded error: ${String(error)}`);
  return error;
}

describe('service loader', () => {
  test('the first pattern that has the service wins', async () => {
    write('first/both.mjs', service('first'));
    write('second/both.mjs', service('second'));
    write('second/only.mjs', service('only'));
    const loader = new ServiceLoader(['./first/?', './second/?'], base);
    expect(await wordOf(loader, 'both')).toBe('first');
    expect(await wordOf(loader, 'only')).toBe('only');
  });

  test.each(['a.ts', 'b.mts', 'c.js', 'd.mjs', 'e/index.ts', 'f/index.mjs', 'sub/g.mjs'])(
    'finds %s',
    async (file) => {
      write('endings/package.json', '{ "type": "module" }');
      write(`endings/${file}`, service(file));
      const name = file.replace(/(\/index)?\.\w+$/, '');
      expect(await wordOf(new ServiceLoader(['./endings/?'], base), name)).toBe(file);
    },
  );

  test('the name may stand anywhere in a pattern, which may name the ending', async () => {
    write('deep/thing/service.mjs', service('thing'));
    expect(await wordOf(new ServiceLoader(['./deep/?/service.mjs'], base), 'thing')).toBe('thing');
    expect(await wordOf(new ServiceLoader([path.join(base, 'deep/?/service')], '/'), 'thing')).toBe('thing');
  });

  test('a pattern may begin with the name of a package, whatever that exports', async () => {
    write('node_modules/@acme/services/package.json', '{ "name": "@acme/services", "exports": {} }');
    write('node_modules/@acme/services/dist/shop.mjs', service('shop'));
    write('node_modules/plain/till.mjs', service('till'));
    const loader = new ServiceLoader(
      ['@acme/services/dist/?', 'plain/?'],
      path.join(base, 'some/where/below'),
    );
    expect(await wordOf(loader, 'shop')).toBe('shop');
    expect(await wordOf(loader, 'till')).toBe('till');
  });

  test('says where it looked', async () => {
    const error = await failure(new ServiceLoader(['./first/?', './second/?'], base).load('nowhere'));
    expect(error.code).toBe('ERR_SERVICE_NOT_FOUND');
    expect(error.message).toContain('no service nowhere');
    expect(error.details?.tried).toEqual([
      path.join('first', 'nowhere.ts'),
      path.join('second', 'nowhere.ts'),
    ]);
  });

  test.each([
    '',
    '.',
    '..',
    '../first/both',
    'a/../b',
    '/etc/passwd',
    'a//b',
    'a/',
    'a b',
    'a\\b',
    'a?',
    '.hidden',
  ])('refuses the name %j', async (name) => {
    const error = await failure(new ServiceLoader(['./first/?'], base).load(name));
    expect(error.code).toBe('ERR_NAME_INVALID');
  });

  test('a module that fails, or has no service, says so', async () => {
    write('bad/throws.mjs', 'throw new TypeError("not today");');
    write('bad/syntax.mjs', 'export default {;');
    write('bad/none.mjs', 'export default function main() {}');
    const loader = new ServiceLoader(['./bad/?'], base);
    const thrown = await failure(loader.load('throws'));
    expect(thrown).toMatchObject({ code: 'ERR_SERVICE_MODULE', cause: { message: 'not today' } });
    expect(thrown.details?.file).toBe(path.join(base, 'bad/throws.mjs'));
    expect(await failure(loader.load('syntax'))).toMatchObject({ code: 'ERR_SERVICE_MODULE' });
    expect((await failure(loader.load('none'))).message).toContain('has no service as default export');
  });

  test('loads a module once; after clear() a changed one', async () => {
    write('changing/one.mjs', service('before'));
    const loader = new ServiceLoader(['./changing/?'], base);
    expect(loader.cached('one')).toBeUndefined();
    const [first, again] = await Promise.all([loader.load('one'), loader.load('one')]);
    expect(again).toBe(first);
    expect(loader.cached('one')).toBe(first);
    write('changing/one.mjs', service('after'));
    expect(await wordOf(loader, 'one')).toBe('before');
    loader.clear();
    expect(loader.cached('one')).toBeUndefined();
    expect(await wordOf(loader, 'one')).toBe('after');
  });

  test('a load that was under way at clear() is not remembered', async () => {
    write('changing/two.mjs', service('two'));
    const loader = new ServiceLoader(['./changing/?'], base);
    const old = loader.load('two');
    loader.clear();
    await old;
    expect(loader.cached('two')).toBeUndefined();
  });

  test('built-in services come first and survive clear()', async () => {
    const builtIn = { kind: 'skynet.service', start: () => 'built in' } as const;
    write('first/console.mjs', service('own'));
    const loader = new ServiceLoader(['./first/?'], base);
    loader.provide('console', builtIn);
    loader.clear();
    expect(loader.cached('console')).toBe(builtIn);
    expect(await loader.load('console')).toBe(builtIn);
  });

  test('names are those of files and folders that the patterns find, and of built-in services', () => {
    write('catalog/one.mjs', service('one'));
    write('catalog/two/index.js', service('two'));
    write('catalog/notes.txt', 'no service');
    write('catalog/empty/notes.txt', 'no service');
    write('apart/three/init.mjs', service('three'));
    const loader = new ServiceLoader(
      ['./catalog/?', './apart/?/init.mjs', './nowhere/?', './fixed.mjs'],
      base,
    );
    loader.provide('console', { kind: 'skynet.service', start: () => 'built in' });
    expect(loader.names()).toEqual(['console', 'one', 'three', 'two']);
    for (const name of loader.names()) expect(loader.has(name)).toBe(true);
    for (const name of ['empty', 'notes', '../catalog/one', '', 'One']) expect(loader.has(name)).toBe(false);
  });

  describe('TypeScript in a worker thread of plain Node', () => {
    // Beside the packages, or it would not find tsx.
    const cache = path.resolve(import.meta.dirname, '../../../../node_modules/.cache');
    let folder = '';

    beforeAll(async () => {
      mkdirSync(cache, { recursive: true });
      folder = mkdtempSync(path.join(cache, 'loader-'));
      await build({
        entryPoints: [path.resolve(import.meta.dirname, '../../src/actor/loader.ts')],
        outfile: path.join(folder, 'loader.mjs'),
        bundle: true,
        platform: 'node',
        format: 'esm',
        external: ['tsx'],
        logLevel: 'error',
      });
      writeFileSync(
        path.join(folder, 'worker.mjs'),
        `import { parentPort, workerData } from 'node:worker_threads';
         import { ServiceLoader } from './loader.mjs';
         const { base, name } = workerData;
         const text = await new ServiceLoader(['./typed/?'], base).load(name).then(({ start }) => start(), ({ message }) => message);
         parentPort.postMessage(text);`,
      );
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    async function loadInWorker(name: string): Promise<unknown> {
      const worker = new Worker(path.join(folder, 'worker.mjs'), {
        execArgv: [],
        workerData: { base, name },
      });
      const [text] = await once(worker, 'message');
      await worker.terminate();
      return text;
    }

    const typed = `const word: string = 'typed';\nexport default { kind: 'skynet.service', start: (): string => word } as const;\n`;

    test('is loaded', async () => {
      write('typed/package.json', '{ "type": "module" }');
      write('typed/hello.ts', typed);
      expect(await loadInWorker('hello')).toBe('typed');
    });

    test('is loaded, or said to be no module, where no package.json says so', async () => {
      write('typed/outside/package.json', '{}');
      write('typed/outside/hello.ts', typed);
      write('typed/outside/module.mts', typed);
      expect(await loadInWorker('outside/module')).toBe('typed');
      if ((process.features as { typescript?: unknown }).typescript)
        expect(await loadInWorker('outside/hello')).toBe('typed');
      else
        expect(await loadInWorker('outside/hello')).toContain('it needs "type": "module" in a package.json');
    });
  });
});
