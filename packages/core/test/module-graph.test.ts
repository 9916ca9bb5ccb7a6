import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { filesOf } from '../src/module-graph.ts';

/** Names of the files that a module with this text consists of besides itself. */
function partsOf(name: string, text: string): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'skynet-graph-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of ['a', 'b', 'type']) writeFileSync(path.join(folder, `${part}.ts`), '');
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return [...filesOf(file).keys()].map((each) => path.basename(each)).filter((each) => each !== name);
}

test.each([
  [`import { a } from './a.ts';`, ['a.ts']],
  [`import './a.ts'; export * from './b.ts';`, ['a.ts', 'b.ts']],
  [`const a = await import('./a.js');`, ['a.ts']],
  [`import type A from './a.ts';`, []],
  [`import type {\n  A,\n} from './a.ts';\nimport { b } from './b.ts';`, ['b.ts']],
  [`export type { A } from './a.ts'; export type * from './b.ts';`, []],
  [`import { type A } from './a.ts';`, ['a.ts']],
  [`import type from './type.ts';`, ['type.ts']],
  [`newService<typeof import('./a.ts')>('a'); import('./b.ts');`, ['b.ts']],
  [`import { b } from './b.ts';\nimport type { A } from './a.ts';`, ['b.ts']],
])('in TypeScript %j needs %j when it runs', (text, parts) => {
  expect(partsOf('main.ts', text)).toEqual(parts);
});

test('JavaScript has no types', () => {
  expect(partsOf('main.mjs', `if (typeof import('./a.ts') === 'object') import('./b.ts');`)).toEqual([
    'a.ts',
    'b.ts',
  ]);
});
