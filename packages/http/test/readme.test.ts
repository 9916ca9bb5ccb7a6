import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

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
