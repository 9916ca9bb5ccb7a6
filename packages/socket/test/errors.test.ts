import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

test('the README explains every code of this package, and no other', () => {
  const declared = [...read('src/errors.ts').matchAll(/\| '(ERR_(?:SOCKET|CHANNEL|DNS)_\w+)'/g)].map(
    ([, code]) => code,
  );
  const explained = [...read('README.md').matchAll(/^\| `(ERR_(?:SOCKET|CHANNEL|DNS)_\w+)` \|/gm)].map(
    ([, code]) => code,
  );
  expect(declared.length).toBeGreaterThan(5);
  expect(explained.sort()).toEqual(declared.sort());
});

test('every code of this package is used', () => {
  const sources = readdirSync(new URL('../src', import.meta.url))
    .filter((name) => name !== 'errors.ts')
    .map((name) => read(`src/${name}`));
  for (const [, code] of read('src/errors.ts').matchAll(/\| '(ERR_(?:SOCKET|CHANNEL|DNS)_\w+)'/g)) {
    expect(
      sources.some((source) => source.includes(`'${code}'`)),
      code,
    ).toBe(true);
  }
});
