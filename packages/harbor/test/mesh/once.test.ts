import { defineService, type Handle } from '@skynet/core';
import { createMulticast } from '@skynet/core/multicast';
import { Happenings, type TestNode } from '@skynet/core/testing';
import { expect, test } from 'vitest';
import { createDatacenter } from '../../src/datacenter.ts';
import { createMesh } from '../../src/link.ts';
import { startMesh } from './nodes.ts';

test('the datacenter is one for all, and begins anew when its node is lost', async () => {
  const nodes = await startMesh(3);
  const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
  await one.run((skynet) => createDatacenter(skynet).set('a', 'b', 1));
  expect(await three.run((skynet) => createDatacenter(skynet).get('a', 'b'))).toBe(1);
  const owner = (await one.run((skynet) => skynet.queryName('DATACENTER'))) as Handle;
  const id = owner >>> 24;
  await (nodes[id - 1] as TestNode).stop();
  const [left, other] = [one, two, three].filter((_, i) => i !== id - 1) as [TestNode, TestNode];
  await left.run((skynet) => createMesh(skynet).link(id));
  await left.run(async (skynet) => {
    expect(((await skynet.queryName('DATACENTER')) as Handle) >>> 24).not.toBe(id);
    await createDatacenter(skynet).set('a', 'c', 2);
  });
  expect(await other.run((skynet) => createDatacenter(skynet).get('a', 'c'))).toBe(2);
});

test('channels reach subscribers of other nodes', async () => {
  const [one, two] = (await startMesh(2)) as [TestNode, TestNode];
  const got = new Happenings<unknown>('messages of the channel');
  const id = await one.run((skynet) =>
    createMulticast(skynet)
      .new()
      .then(({ channel }) => channel),
  );
  await two.newService(
    defineService(async (skynet) => {
      const channel = await createMulticast(skynet).bind(id, {
        dispatch: (_, __, ...values) => got.add(values),
      });
      await channel.subscribe();
    }),
  );
  await one.run(async (skynet) => {
    const channel = await createMulticast(skynet).bind(id);
    await channel.publish('hello', 5);
    await channel.publish('again', { a: [1, 2] });
  });
  expect(await got.count(2)).toEqual([
    ['hello', 5],
    ['again', { a: [1, 2] }],
  ]);
});
