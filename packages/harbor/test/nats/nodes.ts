import { fileURLToPath } from 'node:url';
import type { SkynetConfig } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { onTestFinished, test } from 'vitest';
import { type NatsServer, natsMissing, startNats } from '../../../../test/nats.ts';
import { createMesh, type NatsOptions, nats } from '../../src/nats.ts';

const base = fileURLToPath(new URL('../fixtures', import.meta.url));

/** For the titles of tests on a real server. */
export const why: string = natsMissing === undefined ? '' : ` (left out: ${natsMissing})`;
/** Tests on a real server, left out where there is none. */
export const onServer: typeof test = test.skipIf(natsMissing !== undefined) as typeof test;

/** A server of a test's own. It ends with the test. */
export async function ownServer(options: readonly string[] = []): Promise<NatsServer> {
  const server = await startNats(options);
  onTestFinished(() => server.stop());
  return server;
}

let meshes = 0;

/** A name that no other test uses. */
export function newMesh(): string {
  return `mesh-${++meshes}`;
}

/** Starts a node. It stops with the test. */
export function startPeer(options: NatsOptions, config: SkynetConfig = {}): Promise<TestNode> {
  return startTestNode(
    { network: nats(options), services: ['./services/?'], ...config },
    { base, after: onTestFinished },
  );
}

/** So many nodes of one mesh with the ids 1, 2, …, all of them connected. */
export async function startNodes(
  count: number,
  options: Omit<NatsOptions, 'id'>,
  config: SkynetConfig = {},
): Promise<TestNode[]> {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  const nodes = await Promise.all(ids.map((id) => startPeer({ ...options, id }, config)));
  await allConnected(nodes);
  return nodes;
}

/** Resolves when nodes with the ids 1, 2, … have links to each other. */
export async function allConnected(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes)
    await node.run(async (skynet) => {
      for (let id = 1; id <= nodes.length; id++) await createMesh(skynet).connect(id);
    });
}
