import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const declared = ['src/errors.ts', 'src/client/errors.ts'].flatMap((file) =>
  [...read(file).matchAll(/^ {2}\| '(ERR_\w+)'/gm)].map(([, code]) => code as string),
);

test('every code of this package is explained, used, and tested', () => {
  const all = (folder: string): string =>
    readdirSync(new URL(`../${folder}`, import.meta.url), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('errors.ts') && !file.startsWith('errors.'))
      .map((file) => read(`${folder}/${file}`))
      .join('\n');
  const [sources, tests, readme] = [all('src'), all('test'), read('README.md')];
  expect(declared.length).toBeGreaterThan(15);
  for (const code of declared) {
    expect(sources, code).toContain(`'${code}'`);
    expect(tests, code).toContain(`'${code}'`);
    expect(readme, code).toContain(`\`${code}\``);
  }
});
