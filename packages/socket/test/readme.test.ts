import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startTestNode } from '@skynet/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Client } from './setup.ts';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

test('the first program of the README is the one that is run here, and does what it says', async () => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
  expect(program).toBe(read('test/fixtures/services/readme.ts'));
  const node = await startTestNode(
    { services: ['./services/?'] },
    { base: fileURLToPath(new URL('./fixtures', import.meta.url)), after: onTestFinished },
  );
  await node.run((skynet) => {
    skynet.setenv('echo_port', '0');
    return skynet.newService('readme');
  });
  const [, port] = /port (\d+)$/.exec(await node.logged(/port \d+$/)) ?? [];
  const client = new Client(connect(Number(port), '127.0.0.1'));
  client.write('hello\nthere\nunfinished');
  expect(await client.receives('THERE\n')).toBe('HELLO\nTHERE\n');
  await node.logged(/127\.0\.0\.1:\d+ accepted$/);
  client.socket.end();
  await client.until(({ closed }) => closed);
  expect(client.received.toString()).toBe('HELLO\nTHERE\nunfinished');
});
