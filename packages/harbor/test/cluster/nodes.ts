import { fileURLToPath } from 'node:url';
import type { Handle, Skynet, SkynetConfig } from '@skynet/core';
import { startTestNode, type TestNode } from '@skynet/core/testing';
import { onTestFinished } from 'vitest';
import { type Cluster, createCluster } from '../../src/cluster.ts';

const base = fileURLToPath(new URL('../fixtures', import.meta.url));

/** A node of a cluster. */
export interface Member {
  readonly node: TestNode;
  /** Where it listens. */
  readonly address: string;
  readonly port: number;
  /** The service `vec`, registered under that name. */
  readonly vec: Handle;
  /** Runs in a service of the node. */
  run<Result>(work: (cluster: Cluster, skynet: Skynet) => Promise<Result>): Promise<Result>;
}

/** Starts a node that listens, stopped when the test is over. */
export async function startMember(config: SkynetConfig = {}, port = 0): Promise<Member> {
  const node = await startTestNode(
    { services: ['./services/?'], ...config },
    { base, after: onTestFinished },
  );
  const run: Member['run'] = (work) =>
    node.run(async (skynet) => {
      const cluster = createCluster(skynet);
      return work(cluster, skynet);
    });
  const vec = await node.newService('vec');
  const opened = await run(async (cluster) => {
    await cluster.register('vec', vec);
    return cluster.open(port);
  });
  return { node, run, vec, port: opened.port, address: `${opened.address}:${opened.port}` };
}

/** Two nodes; the first knows the second as `two`, the second the first as `one`. */
export async function startPair(config: SkynetConfig = {}): Promise<[one: Member, two: Member]> {
  const one = await startMember(config);
  const two = await startMember(config);
  await one.run((cluster) => cluster.reload({ two: two.address }));
  await two.run((cluster) => cluster.reload({ one: one.address }));
  return [one, two];
}
