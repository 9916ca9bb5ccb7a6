import { fileURLToPath } from 'node:url';
import type { SkynetConfig } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { onTestFinished } from 'vitest';
import { createMesh, link, type MeshLinkOptions } from '../../src/link.ts';
import { Relay } from './relay.ts';

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

/** Starts node 1 where others reach it through a relay. */
export async function startBehindRelay(
  options: Partial<MeshLinkOptions>,
): Promise<{ one: TestNode; relay: Relay }> {
  const relay = new Relay();
  onTestFinished(() => relay.close());
  const one = await startPeer(1, { advertise: await relay.listen(), ...options });
  const line = await one.logged(/links are taken on/);
  relay.leadTo({ host: '127.0.0.1', port: Number(/:(\d+)\)$/.exec(line)?.[1]) });
  return { one, relay };
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
