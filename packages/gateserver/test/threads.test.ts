import { fileURLToPath } from 'node:url';
import { defineService, type Handle } from '@skynet/core';
import { expect, test } from 'vitest';
import { gate } from '../src/index.ts';
import { connectClient, Happenings, startTestNode } from './harness.ts';

const SERVICES = [`${fileURLToPath(new URL('./fixtures', import.meta.url))}/?`];

test('an agent in another thread serves a client of the gate, and takes it along when it ends', async () => {
  const node = await startTestNode({ thread: 2, services: SERVICES });
  const told = new Happenings<readonly unknown[]>();
  const watchdog = await node.newService(
    defineService(() => ({ socket: (...values: unknown[]) => told.add(values) })),
  );
  const handle = await node.newService(gate);
  const { port } = await node.run((skynet) =>
    skynet.call<{ port: number }>(handle, 'lua', 'open', { address: '127.0.0.1', port: 0, watchdog }),
  );
  const startAgent = async (fd: number): Promise<Handle> =>
    await node.run((skynet) =>
      skynet.newService({ name: 'capitals-agent', thread: 1 }, skynet.address(handle), fd),
    );
  const clients = [await connectClient(port), await connectClient(port)] as const;
  const [first, second] = (await told.count(2)).map(([, fd]) => fd as number) as [number, number];
  await startAgent(first);
  const agent = await startAgent(second);

  const texts = Array.from({ length: 500 }, (_, i) => `packet ${i} ${'.'.repeat(i)}`);
  for (const client of clients) client.send(...texts);
  for (const client of clients) {
    expect(await client.packets.count(500)).toEqual(texts.map((text) => text.toUpperCase()));
  }

  clients[0].send('quit');
  await clients[0].ended;
  expect(clients[0].packets.all.at(-1)).toBe('QUIT');
  expect((await told.count(3))[2]).toEqual(['close', first]);

  await node.run((skynet) => skynet.kill(agent));
  await clients[1].ended;
  expect((await told.count(5)).slice(3).map(([event, fd]) => [event, fd])).toEqual([
    ['error', second],
    ['close', second],
  ]);
});
