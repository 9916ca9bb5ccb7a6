import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

test('the README explains every code of this package, and no other; each is tested', () => {
  const declared = [...read('src/errors.ts').matchAll(/\| '(ERR_MYSQL_\w+)'/g)].map(
    ([, code]) => code as string,
  );
  const explained = [...read('README.md').matchAll(/^\| `(ERR_MYSQL_\w+)` \|/gm)].map(
    ([, code]) => code as string,
  );
  expect(declared.length).toBeGreaterThan(5);
  expect(explained.sort()).toEqual([...declared].sort());
  const tests = read('test/mysql.test.ts');
  for (const code of declared) expect(tests, code).toContain(`'${code}'`);
});

test('the README explains every option', () => {
  const interfaces =
    read('src/options.ts').match(/export interface (Server|Connect|Pool)Options[\s\S]*?\n}/g) ?? [];
  const options = interfaces.flatMap((text) =>
    [...text.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name),
  );
  expect(options.length).toBeGreaterThan(15);
  const table = read('README.md').split('## Options')[1]?.split('## Errors')[0] ?? '';
  for (const option of options) expect(table, option).toContain(`\`${option}\``);
});
