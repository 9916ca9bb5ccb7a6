import { fileURLToPath } from 'node:url';
import type { SkynetConfig } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { onTestFinished } from 'vitest';
import { freePort } from '../../../../test/free-port.ts';
import { harbor } from '../../src/index.ts';

const base = fileURLToPath(new URL('../fixtures', import.meta.url));

/** An address that nobody listens on. */
export async function freeAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

/** Starts node `id` of a network; with `isMaster` the one that has the master. Stopped when the test is over. */
export async function startMember(
  master: string,
  id: number,
  {
    isMaster = false,
    address,
    backlog,
    ...config
  }: { isMaster?: boolean; address?: string; backlog?: number } & SkynetConfig = {},
): Promise<TestNode> {
  const network = harbor({
    id,
    address: address ?? (await freeAddress()),
    master,
    ...(isMaster ? { standalone: master } : {}),
    ...(backlog === undefined ? {} : { backlog }),
  });
  const { harbor: _id, ...rest } = config;
  return startTestNode(
    { harbor: id, network, services: ['./services/?'], ...rest },
    { base, after: onTestFinished },
  );
}

/** A network of so many nodes with the ids 1, 2, …; the first is the master. */
export async function startNetwork(count: number, config: SkynetConfig = {}): Promise<TestNode[]> {
  const master = await freeAddress();
  const nodes = [await startMember(master, 1, { isMaster: true, ...config })];
  for (let id = 2; id <= count; id++) nodes.push(await startMember(master, id, config));
  return nodes;
}
