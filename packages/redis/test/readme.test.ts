import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { redisMissing, startRedis } from '../../../test/redis.ts';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

test.skipIf(redisMissing !== undefined)(
  `the first program of the README is the one that is run here, and does what it says${redisMissing ?? ''}`,
  async () => {
    const [, program] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
    expect(program).toBe(read('test/fixtures/services/readme.ts'));
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const node = await startTestNode(
      { services: ['./services/?'] },
      { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
    );
    await node.run((skynet) => {
      skynet.setenv('redis_port', String(server.port));
      return skynet.newService('readme');
    });
    expect(await node.logged(/opens/)).toMatch(/news: the server opens$/);
    expect(await node.logged(/Alice/)).toMatch(/Alice Alice$/);
  },
);

test('the README explains every option', () => {
  const contracts = read('src/options.ts').split('/** A node of a cluster')[0] as string;
  const options = [...contracts.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name as string);
  const table = /## Options([\s\S]*?)## Cluster/.exec(read('README.md'))?.[1] as string;
  for (const option of options) expect(table).toContain(option);
});
