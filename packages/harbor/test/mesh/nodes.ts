import { fileURLToPath } from 'node:url';
import { isSkynetError, type SkynetConfig } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { onTestFinished } from 'vitest';
import { createMesh, link, type MeshLinkOptions } from '../../src/link.ts';

const base = fileURLToPath(new URL('../fixtures', import.meta.url));

/** Starts node `id` of a mesh on a port of its own. Stopped when the test is over. */
export function startPeer(
  id: number,
  options: Partial<MeshLinkOptions> = {},
  config: SkynetConfig = {},
): Promise<TestNode> {
  return startTestNode(
    { network: link({ id, ...options }), services: ['./services/?'], ...config },
    { base, after: onTestFinished },
  );
}

/** Where a node listens for others. */
export async function addressOf(node: TestNode): Promise<string> {
  const nodes = await node.run((skynet) => createMesh(skynet).nodes());
  return nodes.find(({ state }) => state === 'self')?.address ?? '';
}

/** A mesh of so many nodes with the ids 1, 2, …, all of them connected. */
export async function startMesh(
  count: number,
  options: Partial<MeshLinkOptions> = {},
  config: SkynetConfig = {},
): Promise<TestNode[]> {
  const first = await startPeer(1, options, config);
  const seeds = [await addressOf(first)];
  const nodes = [first];
  for (let id = 2; id <= count; id++) nodes.push(await startPeer(id, { ...options, seeds }, config));
  for (const node of nodes)
    await node.run(async (skynet) => {
      for (let id = 1; id <= count; id++) await createMesh(skynet).connect(id);
    });
  return nodes;
}

/** The code that a call fails with, or what it was answered. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { answered: await call };
  } catch (error) {
    return isSkynetError(error) ? error.code : error;
  }
}
