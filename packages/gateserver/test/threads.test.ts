import { fileURLToPath } from 'node:url';
import { defineService, type Handle } from '@skynet/core';
import { Happenings } from '@skynet/core/testing';
import { expect, test } from 'vitest';
import { gate } from '../src/index.ts';
import { connectClient, startTestNode } from './harness.ts';

const SERVICES = [`${fileURLToPath(new URL('./fixtures', import.meta.url))}/?`];

test('an agent in another thread serves a client of the gate, and takes it along when it ends', async () => {
  const node = await startTestNode({ thread: 2, services: SERVICES });
  const told = new Happenings<readonly unknown[]>('events');
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

  // Short ones, and some that are too large to be gathered with others on their way back.
  const texts = Array.from(
    { length: 500 },
    (_, i) => `packet ${i} ${'.'.repeat(i % 50 === 49 ? 20_000 + i : i)}`,
  );
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

test('clients whose agents were lost with their thread are disconnected, the others notice nothing', async () => {
  const node = await startTestNode({ thread: 3, watchdog: false, services: SERVICES });
  const told = new Happenings<readonly unknown[]>('events');
  const watchdog = await node.newService(
    defineService(() => ({ socket: (...values: unknown[]) => told.add(values) })),
  );
  const handle = await node.newService(gate);
  const { port } = await node.run((skynet) =>
    skynet.call<{ port: number }>(handle, 'lua', 'open', { address: '127.0.0.1', port: 0, watchdog }),
  );
  // Agents of clients 0, 2, 4 … in thread 1, of the others in thread 2.
  const clients: Awaited<ReturnType<typeof connectClient>>[] = [];
  for (let i = 0; i < 8; i++) {
    clients.push(await connectClient(port));
    const fd = (await told.count(i + 1))[i]?.[1] as number;
    await node.run((skynet) =>
      skynet.newService({ name: 'capitals-agent', thread: 1 + (i % 2) }, skynet.address(handle), fd),
    );
  }
  for (const client of clients) client.send('before');
  for (const client of clients) await client.packets.count(1);
  clients[0]?.send('crash');
  await node.logged(/thread 1 was lost/);
  for (const client of clients.filter((_, i) => i % 2 === 0)) await client.ended;
  for (const client of clients.filter((_, i) => i % 2 === 1)) {
    client.send('after');
    expect(await client.packets.count(2)).toEqual(['BEFORE', 'AFTER']);
  }
  // A client that comes now is served by the thread that was started in the place of the lost one.
  const next = await connectClient(port);
  const opened = (): readonly unknown[][] => told.all.filter(([event]) => event === 'open') as unknown[][];
  await told.find(() => opened().length === 9);
  const fd = opened()[8]?.[1];
  await node.run((skynet) =>
    skynet.newService({ name: 'capitals-agent', thread: 1 }, skynet.address(handle), fd as number),
  );
  next.send('hello');
  expect(await next.packets.count(1)).toEqual(['HELLO']);
});
