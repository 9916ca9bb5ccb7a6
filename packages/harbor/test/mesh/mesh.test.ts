import type { Handle, Skynet } from '@skynet/core';
import { isSkynetError } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMesh } from '../../src/link.ts';
import { codeOf, echoIn, VALUES } from '../calls.ts';
import { addressOf, startMesh, startPeer } from './nodes.ts';

describe.each([1, 3])('two nodes with %i threads', (thread) => {
  test('call each other with all the values of a node', async () => {
    const [one, two] = (await startMesh(2, {}, { thread })) as [TestNode, TestNode];
    const first = await echoIn(one, 'first');
    const second = await two.run((skynet) =>
      skynet.newService({ name: 'echo', thread: thread - 1 }, 'second'),
    );
    expect([first >>> 24, second >>> 24]).toEqual([1, 2]);
    expect(await one.run((skynet) => skynet.call(second, 'lua', 'echo', ...VALUES))).toStrictEqual(VALUES);
    expect(await two.run((skynet) => skynet.call(first, 'lua', 'echo', ...VALUES))).toStrictEqual(VALUES);
    expect(await one.run((skynet) => skynet.call('second', 'lua', 'call', first, 'echo', 2))).toEqual([2]);
  });

  test('messages come in the order of sending, small and large', async () => {
    const [one, two] = (await startMesh(2, {}, { thread })) as [TestNode, TestNode];
    const second = await echoIn(two, 'second');
    const count = 600;
    const large = 'x'.repeat(100_000);
    const got = await one.run(async (skynet) => {
      await skynet.queryName('second');
      for (let i = 0; i < count; i++)
        skynet.send(i % 2 === 0 ? second : 'second', 'lua', 'add', i, i % 50 === 7 ? large : '');
      return skynet.call(second, 'lua', 'got');
    });
    expect(got).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test('much that waits behind something large comes in its order, over the same link', async () => {
    const [one, two] = (await startMesh(2, {}, { thread })) as [TestNode, TestNode];
    const second = await echoIn(two, 'second');
    const count = 300;
    const got = await one.run((skynet) => {
      skynet.send(second, 'lua', 'add', 0, 'x'.repeat(300_000));
      for (let i = 1; i < count; i++) skynet.send(second, 'lua', 'add', i, 'y'.repeat(20_000));
      return skynet.call(second, 'lua', 'got');
    });
    expect(got).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test('errors come with code, text and cause', async () => {
    const [one, two] = (await startMesh(2, {}, { thread })) as [TestNode, TestNode];
    const second = await echoIn(two);
    await one.run(async (skynet) => {
      const error = await skynet.call(second, 'lua', 'boom').catch((thrown: unknown) => thrown);
      expect(isSkynetError(error)).toBe(true);
      expect(String((error as Error).message)).toMatch(/boom/);
      expect(await codeOf(skynet.call(second, 'lua', 'unknown'))).toBe('ERR_UNKNOWN_COMMAND');
      expect(await codeOf(skynet.call(0x02ffff00, 'lua', 'echo'))).toBe('ERR_SERVICE_GONE');
      expect(await codeOf(skynet.call(second, 'lua', 'exit'))).toMatch(/ERR_SERVICE/);
      expect(await codeOf(skynet.call(second, 'lua', 'echo'))).toBe('ERR_SERVICE_GONE');
    });
  });

  test('who watches is told of an end with its reason', async () => {
    const [one, two] = (await startMesh(2, {}, { thread })) as [TestNode, TestNode];
    const mortal = await echoIn(two);
    const told = one.run(
      (skynet: Skynet) =>
        new Promise((resolve) => {
          skynet.watch(mortal, ({ reason }) => resolve(reason));
        }),
    );
    await one.run((skynet) => skynet.call(mortal, 'lua', 'echo'));
    await two.run((skynet) => skynet.kill(mortal));
    expect(await told).toBe('killed');
  });
});

describe('a mesh', () => {
  test('is found by one seed, and knows who is in it', async () => {
    const [one, , three] = (await startMesh(3)) as [TestNode, TestNode, TestNode];
    for (const node of [one, three]) {
      const nodes = await node.run((skynet) => createMesh(skynet).nodes());
      expect(nodes.map(({ id }) => id)).toEqual([1, 2, 3]);
    }
  });

  test('loses a node that stops: calls fail at once, names go, the id is free', async () => {
    const [one, two, three] = (await startMesh(3)) as [TestNode, TestNode, TestNode];
    const second = await echoIn(two, 'second');
    await one.run((skynet) => skynet.queryName('second'));
    const pending = one.run((skynet) => codeOf(skynet.call(second, 'lua', 'never')));
    await one.run((skynet) => skynet.call(second, 'lua', 'echo'));
    await two.stop();
    expect(await pending).toBe('ERR_NODE_LOST');
    expect(await one.run((skynet) => codeOf(skynet.call(second, 'lua', 'echo')))).toBe('ERR_NODE_LOST');
    expect(await one.run((skynet) => codeOf(skynet.call('second', 'lua', 'echo')))).toBe('ERR_NODE_LOST');
    const again = await startPeer(2, { seeds: [await addressOf(three)] });
    await one.run((skynet) => createMesh(skynet).connect(2));
    const fresh = await echoIn(again, 'second');
    expect(
      await one.run(async (skynet) => skynet.call((await skynet.queryName('second')) ?? 0, 'lua', 'echo', 1)),
    ).toEqual([1]);
    expect(fresh).not.toBe(second);
  });

  test('goes on when the node that decides is gone', async () => {
    const [one, two, three] = (await startMesh(3)) as [TestNode, TestNode, TestNode];
    const seeds = [await addressOf(two)];
    await one.stop();
    const four = await startPeer(4, { seeds });
    const named = await echoIn(four, 'late');
    expect(await three.run((skynet) => skynet.queryName('late'))).toBe(named);
    expect(await three.run((skynet) => skynet.call('late', 'lua', 'echo', 'x'))).toEqual(['x']);
  });

  test('two that want one id: one gets it', async () => {
    const [one] = (await startMesh(1)) as [TestNode];
    const seeds = [await addressOf(one)];
    const both = await Promise.allSettled([startPeer(2, { seeds }), startPeer(2, { seeds })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const failed = both.find((result) => result.status === 'rejected') as PromiseRejectedResult;
    expect(isSkynetError(failed.reason, 'ERR_MESH_ID_TAKEN')).toBe(true);
  });

  test('two that want one name: one gets it', async () => {
    const nodes = await startMesh(3);
    const handles = await Promise.all(nodes.map((node) => echoIn(node)));
    const codes = await Promise.all(
      nodes.map((node, i) =>
        node.run((skynet) => codeOf(createMesh(skynet).claimName('one', handles[i] as Handle))),
      ),
    );
    expect(codes.filter((code) => code === 'ERR_NAME_TAKEN')).toHaveLength(2);
    const winner = handles[codes.findIndex((code) => code !== 'ERR_NAME_TAKEN')];
    for (const node of nodes) expect(await node.run((skynet) => skynet.queryName('one'))).toBe(winner);
  });

  test('has a unique service once, and again when its node is lost', async () => {
    const nodes = await startMesh(3);
    const found = await Promise.all(
      nodes.map((node) => node.run((skynet) => skynet.uniqueService(true, 'echo'))),
    );
    expect(new Set(found).size).toBe(1);
    const id = (found[0] as Handle) >>> 24;
    await (nodes[id - 1] as TestNode).stop();
    const left = nodes.filter((_, i) => i !== id - 1);
    await Promise.all(left.map((node) => node.run((skynet) => createMesh(skynet).link(id))));
    const anew = await Promise.all(
      left.map((node) => node.run((skynet) => skynet.uniqueService(true, 'echo'))),
    );
    expect(new Set(anew).size).toBe(1);
    expect((anew[0] as Handle) >>> 24).not.toBe(id);
  });

  test('lets in who has the key, and nobody else', async () => {
    const one = await startPeer(1, { key: 'secret' });
    const seeds = [await addressOf(one)];
    for (const key of ['wrong', undefined]) {
      const failed = await startPeer(2, { seeds, ...(key === undefined ? {} : { key }) }).catch(
        (error: unknown) => error,
      );
      expect(isSkynetError(failed, 'ERR_MESH_REFUSED')).toBe(true);
    }
    await startPeer(2, { seeds, key: 'secret' });
    await one.run((skynet) => createMesh(skynet).connect(2));
  });

  test('refuses nodes of another mesh', async () => {
    const one = await startPeer(1, { mesh: 'a' });
    const failed = await startPeer(2, { mesh: 'b', seeds: [await addressOf(one)] }).catch(
      (error: unknown) => error,
    );
    expect(isSkynetError(failed, 'ERR_MESH_REFUSED')).toBe(true);
  });
});

test('a node without a network is part of no mesh', async () => {
  const node = await startTestNode({}, { after: onTestFinished });
  await node.run(async (skynet) => {
    expect(await codeOf(createMesh(skynet).nodes())).toBe('ERR_MESH_ALONE');
    expect(await codeOf(createMesh(skynet).connect(2))).toBe('ERR_MESH_ALONE');
  });
});
