import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const declared = [...read('src/errors.ts').matchAll(/\| '(ERR_(?:SNAX|PATCH)_\w+)'/g)].map(
  ([, code]) => code,
);

test('the README explains every code of this package, and no other', () => {
  const explained = [...read('README.md').matchAll(/^\| `(ERR_(?:SNAX|PATCH)_\w+)` \|/gm)].map(
    ([, code]) => code,
  );
  expect(declared.length).toBeGreaterThan(5);
  expect(explained.sort()).toEqual([...declared].sort());
});

test('every code of this package is used, and tested', () => {
  const all = (folder: string): string =>
    readdirSync(new URL(`../${folder}`, import.meta.url))
      .filter((file) => file.endsWith('.ts') && !file.startsWith('errors.'))
      .map((file) => read(`${folder}/${file}`))
      .join('\n');
  const sources = all('src');
  const tests = all('test');
  for (const code of declared) {
    expect(sources, code).toContain(`'${code}'`);
    expect(tests, code).toContain(`'${code}'`);
  }
});
