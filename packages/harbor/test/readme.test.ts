import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

/** First cells of the rows of the tables below a heading. */
function firstCells(heading: string): string[] {
  const [, section = ''] = read('README.md').split(`${heading}\n`);
  return [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)/gm)].map(([, cell]) => cell as string);
}

test('the table of errors has every code of the network, of the mesh and of the datacenter', () => {
  const codes = ['src/harbor/errors.ts', 'src/datacenter/errors.ts', 'src/mesh/errors.ts'].flatMap(
    (file) => read(file).match(/(?<=')ERR_\w+(?=')/g) ?? [],
  );
  const own = codes.filter((code) => /^ERR_(HARBOR|DATACENTER|MESH|LINK)_/.test(code));
  expect(own.length).toBeGreaterThan(4);
  expect(firstCells('## Errors')).toEqual(expect.arrayContaining(own));
});

test('the table of calls has every method of the network, and no other', () => {
  const contract = /export interface Harbor \{[\s\S]*?\n}/.exec(read('src/harbor/harbor.ts'))?.[0] ?? '';
  const methods = [...contract.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name);
  expect(firstCells('## What services ask').sort()).toEqual(methods.sort());
});
