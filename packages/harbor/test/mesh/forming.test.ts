import type { TestNode } from '@skynet/core/testing';
import { describe, expect, test } from 'vitest';
import { freePorts } from '../../../../test/free-port.ts';
import { createMesh } from '../../src/link.ts';
import { startPeer } from './nodes.ts';

/** Who is in the mesh, as a node sees it. */
const idsOf = (node: TestNode): Promise<number[]> =>
  node.run(async (skynet) => (await createMesh(skynet).nodes()).map(({ id }) => id));

describe('a mesh of seeds', () => {
  test('forms when all of them start at the same moment, and is one', async () => {
    const seeds = (await freePorts(3)).map((port) => `127.0.0.1:${port}`);
    const nodes = await Promise.all(seeds.map((address, i) => startPeer(i + 1, { address, seeds })));
    for (const node of nodes)
      await node.run(async (skynet) => {
        for (const id of [1, 2, 3]) await createMesh(skynet).connect(id);
      });
    for (const node of nodes) expect(await idsOf(node)).toEqual([1, 2, 3]);
  });

  test('is waited for by nodes that are no seeds, whoever starts first', async () => {
    const seeds = (await freePorts(1)).map((port) => `127.0.0.1:${port}`);
    const early = startPeer(2, { seeds });
    const first = await startPeer(1, { address: seeds[0] as string, seeds });
    const second = await early;
    await first.run((skynet) => createMesh(skynet).connect(2));
    expect(await idsOf(second)).toEqual([1, 2]);
  });

  test('that has fallen apart into two comes together', async () => {
    // Neither knows of the other until a node names both.
    const seeds = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
    const [a, b] = seeds as [string, string];
    const one = await startPeer(1, { address: a, seeds: [a] });
    const two = await startPeer(2, { address: b, seeds: [b] });
    expect(await idsOf(one)).toEqual([1]);
    const three = await startPeer(3, { seeds: [a, b] });
    expect(await idsOf(three)).toEqual([1, 3]);
    // Node 3 is the one that looks for both.
    await one.stop();
    await three.run((skynet) => createMesh(skynet).connect(2));
    await two.run((skynet) => createMesh(skynet).connect(3));
    expect(await idsOf(three)).toEqual([2, 3]);
    expect(await idsOf(two)).toEqual([2, 3]);
  });
});
