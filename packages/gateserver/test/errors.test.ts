import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const declared = [...read('src/errors.ts').matchAll(/\| '(ERR_GATE_\w+)'/g)].map(
  ([, code]) => code as string,
);

test('the README explains every code of this package, and no other', () => {
  const explained = [...read('README.md').matchAll(/^\| `(ERR_GATE_\w+)` \|/gm)].map(([, code]) => code);
  expect(declared.length).toBeGreaterThan(5);
  expect(explained.sort()).toEqual([...declared].sort());
});

test('every code of this package is used, and tested', () => {
  const texts = (folder: string, but: string): string =>
    readdirSync(new URL(`../${folder}`, import.meta.url))
      .filter((name) => name.endsWith('.ts') && name !== but)
      .map((name) => read(`${folder}/${name}`))
      .join('\n');
  for (const code of declared) {
    expect(texts('src', 'errors.ts'), code).toContain(`'${code}'`);
    expect(texts('test', 'errors.test.ts'), code).toContain(`'${code}'`);
  }
});
