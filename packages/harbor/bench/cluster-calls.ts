import path from 'node:path';
import { packSeri, startNode, unpackSeri } from '@skynet/core';
import { callRate } from '../../core/bench/calls.ts';
import type { Measure } from '../../core/bench/case.ts';
import { type Cluster, createCluster } from '../src/cluster.ts';
import { BATCH, FLOOD, type Packing, plainCalls, plainFlood, withPeer } from './plain-link.ts';

const PEER = path.join(import.meta.dirname, 'cluster-peer.ts');

function inCluster<Result>(work: (cluster: Cluster) => Promise<Result>): Promise<Result> {
  return withPeer(PEER, ['node'], async (port) => {
    const node = await startNode({ harbor: 0 }, { onLog: () => {} });
    try {
      return await node.run(async (skynet) => {
        const cluster = createCluster(skynet);
        await cluster.reload({ peer: `127.0.0.1:${port}` });
        return work(cluster);
      });
    } finally {
      await node.stop();
    }
  });
}

/** Calls of a service of another node with a value that comes back, a second. */
export function clusterCalls(value: unknown, flight: number): Measure {
  return (effort) =>
    inCluster(async (cluster) => [
      await callRate(effort, () => cluster.call('peer', '@echo', 'echo', value), flight, BATCH),
    ]);
}

/** Sends to a service of another node, a second. */
export const clusterFlood: Measure = (effort) =>
  inCluster(async (cluster) => [
    await effort.rate(async (count) => {
      for (let i = 0; i < count; i++) cluster.send('peer', '@echo', 'add', i);
      await cluster.call('peer', '@echo', 'sum');
    }, FLOOD),
  ]);

/** Bodies as the original's. */
const seri = (): Packing => ({ pack: (values) => packSeri(values), unpack: (bytes) => unpackSeri(bytes) });

/** The floor of calls of a cluster. */
export const tcpCalls = (value: unknown, flight: number): Measure => plainCalls(PEER, seri, value, flight);

/** The floor of sends. */
export const tcpFlood: Measure = plainFlood(PEER, seri);
