import type { Handle } from '@skynet/core';
import type { TestNode } from '@skynet/core/testing';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type NatsServer, natsMissing, startNatsCluster } from '../../../../test/nats.ts';
import { createMesh, type NatsOptions } from '../../src/nats.ts';
import { calling, codeOf, echoIn } from '../calls.ts';
import { openConsole } from '../console.ts';
import { PeerProcess } from '../mesh/peer-process.ts';
import { allConnected, newMesh, onServer, startNodes, startPeer, why } from './nodes.ts';

// The nightly tests try both ways.
const WAYS = process.env['SKYNET_NATS_ALL'] === undefined ? [true] : [true, false];
const PATIENCE = { timeout: 120_000 };

let cluster: Awaited<ReturnType<typeof startNatsCluster>>;
beforeAll(async () => {
  if (natsMissing === undefined) cluster = await startNatsCluster();
});
afterAll(() => cluster?.stop());

/** Options of nodes that know all three. */
function options(): Omit<NatsOptions, 'id'> {
  return {
    mesh: newMesh(),
    servers: cluster.servers.map(({ url }) => url),
    replicas: 3,
    // Shorter than a user's, so that a test need not wait as long.
    lease: '5s',
  };
}

/** Claims a name until the mesh can give it. */
async function claimAtLast(node: TestNode, name: string): Promise<Handle> {
  const handle = await echoIn(node);
  await expect
    .poll(() => node.run((skynet) => codeOf(createMesh(skynet).claimName(name, handle))), PATIENCE)
    .not.toBe('ERR_MESH_ISOLATED');
  return handle;
}

/** All nodes call each other, and each learns of a name that another is given. */
async function isWhole(nodes: readonly TestNode[], name: string): Promise<void> {
  await allConnected(nodes);
  for (const [i, node] of nodes.entries()) {
    const handle = await claimAtLast(node, `${name}${i}`);
    for (const other of nodes) {
      expect(await other.run((skynet) => skynet.queryName(`${name}${i}`))).toBe(handle);
      expect(await calling(other, handle, 'echo', i)).toEqual({ answered: [i] });
    }
  }
}

/** The server that a node is connected to. */
async function serverOf(node: TestNode): Promise<NatsServer> {
  const show = await openConsole(node);
  const shown = (await show('nats')).join(' ');
  const server = cluster.servers.find(({ url }) => shown.includes(url.replace('nats://', '')));
  if (server === undefined) throw new Error(`no server of the cluster is shown: ${shown}`);
  return server;
}

describe.each(WAYS)('three servers, direct links %s', PATIENCE, (direct) => {
  onServer(`one is lost, that of node 1: all go on, and a new node comes in${why}`, async () => {
    const given = { ...options(), direct };
    const nodes = await startNodes(2, given);
    const lost = await serverOf(nodes[0] as TestNode);
    await lost.kill();
    nodes.push(await startPeer({ ...given, id: 3 }));
    await isWhole(nodes, 'without');
    await lost.start();
    await isWhole(nodes, 'after');
  });

  onServer(`two are lost: nodes are cut off, no call hangs, and one of both mends it${why}`, async () => {
    const given = { ...options(), direct };
    const nodes = await startNodes(2, given);
    const [one, two] = nodes as [TestNode, TestNode];
    const echo = await echoIn(two);
    const stops = new PeerProcess({ ...given, id: 3, onIsolated: 'stop' }, { config: 'nats.config.mjs' });
    await stops.address();
    const lost = cluster.servers.slice(1);
    await Promise.all(lost.map((server) => server.kill()));
    const claimed = one.run((skynet) => codeOf(createMesh(skynet).claimName('nobody')));
    const late = codeOf(startPeer({ ...given, id: 4, joinTimeout: '1s' }));
    for (const node of nodes) await node.logged(/this node is cut off from the mesh/);
    expect(await claimed).toBe('ERR_MESH_ISOLATED');
    expect(await late).toBe('ERR_MESH_UNREACHABLE');
    expect(await stops.exitCode()).toBe(1);
    await allConnected(nodes);
    expect(await calling(one, echo, 'echo', 1)).toEqual({ answered: [1] });
    await lost[0]?.start();
    for (const node of nodes) await node.logged(/this node is in the mesh again/);
    await isWhole(nodes, 'with two');
    await lost[1]?.start();
  });

  onServer(`all are started again: nodes have their names, and call each other${why}`, async () => {
    const nodes = await startNodes(2, { ...options(), direct });
    const [one, two] = nodes as [TestNode, TestNode];
    const echo = await echoIn(two, 'kept');
    await one.run((skynet) => skynet.queryName('kept'));
    await Promise.all(cluster.servers.map((server) => server.kill()));
    for (const node of nodes) await node.logged(/NATS at .* is lost/);
    await Promise.all(cluster.servers.map((server) => server.start()));
    await isWhole(nodes, 'again');
    expect(await one.run((skynet) => skynet.queryName('kept'))).toBe(echo);
    expect(await calling(one, 'kept', 'echo', 1)).toEqual({ answered: [1] });
  });
});
