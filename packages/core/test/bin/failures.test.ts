import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { expectPlaces, FAILURES } from '../failure-places.ts';
import type { Seen } from '../fixtures/failures/caller.ts';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const TSC = fileURLToPath(new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url));
const FIXTURES = path.join(PACKAGE, 'test/fixtures/failures');

/** A project that has the package installed, and the fixtures as its services. */
function project(thread: number): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-failures-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'node_modules/@skynet'), { recursive: true });
  symlinkSync(PACKAGE, path.join(folder, 'node_modules/@skynet/core'));
  cpSync(FIXTURES, path.join(folder, 'services'), { recursive: true });
  cpSync(
    path.join(PACKAGE, 'test/fixtures/services/broken-module.ts'),
    path.join(folder, 'services/broken-module.ts'),
  );
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  const config = { start: 'tells-all', startArgs: [String(thread - 1)], thread, watchdog: false };
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  return folder;
}

/** Makes JavaScript of the services, comments and all, with maps or without. */
async function compile(folder: string, sourceMap: boolean): Promise<void> {
  const sources = path.join(folder, 'sources');
  renameSync(path.join(folder, 'services'), sources);
  const files = readdirSync(sources).map((name) => path.join(sources, name));
  const options = ['--target', 'es2022', '--module', 'esnext', '--noCheck', '--noResolve', '--ignoreConfig'];
  const output = ['--sourceMap', String(sourceMap), '--outDir', path.join(folder, 'services')];
  await promisify(execFile)(process.execPath, [TSC, ...options, ...output, ...files]);
}

async function run(folder: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(PACKAGE, 'dist/bin/skynet.js'), 'config.json'],
      { cwd: folder },
      (_failure, out, error) => resolve(out + error),
    );
  });
}

test.each([
  ['TypeScript', 1],
  ['TypeScript', 2],
  ['JavaScript', 1],
  ['JavaScript', 2],
  ['JavaScript with maps', 1],
  ['JavaScript with maps', 2],
])(
  'services in %s and %i threads: the stacks of failures begin where they were waited for',
  async (form, thread) => {
    const folder = project(thread);
    if (form !== 'TypeScript') await compile(folder, form.endsWith('maps'));
    const out = await run(folder);
    const seen = [...out.matchAll(/^SEEN (.*)$/gm)].map(
      ([, json = '']) => JSON.parse(json) as [string, Seen],
    );
    expect(
      seen.map(([name]) => name),
      out,
    ).toEqual(Object.keys(FAILURES));
    for (const [name, failure] of seen) {
      expectPlaces(name, failure);
      const ending = form === 'JavaScript' ? '.js:' : '.ts:';
      expect(failure.stack).toContain(ending);
    }
  },
  120_000,
);
