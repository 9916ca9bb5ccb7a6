import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

test('the first program of the README is the one that is run here, and does what it says', async () => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
  expect(program).toBe(read('test/fixtures/services/readme.ts'));
  const node = await startTestNode(
    { services: ['./services/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );
  await node.run((skynet) => skynet.newService('readme'));
  expect(await node.logged(/Alice/)).toMatch(/^\[:[0-9a-f]{8}\] Alice "" HOME$/);
});

test('the table of the API has every method, and no other', () => {
  const contract = /export interface Protobuf<[\s\S]*?\n}/.exec(read('src/protobuf.ts'))?.[0] ?? '';
  const methods = [...contract.matchAll(/^ {2}(\w+)[<(]/gm)].map(([, name]) => name);
  const told = [...read('README.md').matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name);
  expect(methods.length).toBeGreaterThan(10);
  expect(told.sort()).toEqual([...methods].sort());
});
