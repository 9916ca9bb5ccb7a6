import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const declared = [...read('src/errors.ts').matchAll(/\| '(ERR_\w+)'/g)].map(([, code]) => code as string);

/** All sources below a folder but the table itself. */
function all(folder: string): string {
  return readdirSync(new URL(`../${folder}`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/^errors\./.test(file))
    .map((file) => read(`${folder}/${file}`))
    .join('\n');
}

test('the README explains every code of this package, and no other', () => {
  const explained = [...read('README.md').matchAll(/^\| `(ERR_(?:HTTP|WEBSOCKET)_\w+)` \|/gm)].map(
    ([, code]) => code,
  );
  expect(declared.length).toBeGreaterThan(10);
  expect(explained.sort()).toEqual([...declared].sort());
});

test('every code of this package is used, and tested', () => {
  const sources = all('src');
  const tests = all('test');
  for (const code of declared) {
    expect(sources, code).toContain(`'${code}'`);
    expect(tests, code).toContain(code);
  }
});

test('the README has every option, with its name', () => {
  const options = ['src/server/options.ts', 'src/client/options.ts', 'src/websocket/options.ts'].flatMap(
    (file) =>
      [...read(file).matchAll(/^export interface \w*Options[^{]*\{([\s\S]*?)^\}/gm)].flatMap(
        ([, body = '']) =>
          [...body.matchAll(/^ {2}(?:readonly )?(\w+)\?:/gm)].map(([, name]) => name as string),
      ),
  );
  const told = read('README.md');
  expect(options.length).toBeGreaterThan(25);
  expect(
    options.filter((name) => !told.includes(`\`${name}\``) && !told.includes(`options.${name}`)),
  ).toEqual([]);
});

test('the program of the README is the one that is run here, and does what it says', async () => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
  expect(program).toBe(read('test/fixtures/services/readme.ts'));
  const node = await startTestNode(
    { services: ['./services/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );
  await node.run((skynet) => skynet.newService('readme'));
  expect(await node.logged(/200/)).toMatch(/\] 200 \{"id":"5"\}$/);
});
