import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { isSkynetError, type Skynet, startNode } from '@skynet/core';
import { harbor } from '@skynet/harbor';
import { freePort } from '../../../test/free-port.ts';
import { callRate } from '../../core/bench/calls.ts';
import { type Measure, PLAYER } from '../../core/bench/case.ts';
import { createCluster } from '../src/cluster.ts';
import { createMesh, link } from '../src/link.ts';
import { endPeer, startPeer } from './network.ts';
import { BATCH, withPeer } from './plain-link.ts';

// Calls to one node while another one takes nothing: it is stopped, and all that may wait for it waits. Held against the same
// while that one is only idle.

/** Bytes that may wait for it. */
const MOST = 16 << 20;
/** A stopped process is not to count as lost. */
const SILENCE = '10m';
const TEXT = 'x'.repeat(10_000);

/** Calls a service of a node, in one of the ways that there are. */
type Call = (...values: [string, ...unknown[]]) => Promise<unknown>;

/** Stops a process, and calls it until it is told that too much waits. */
async function block(skynet: Skynet, peer: ChildProcess, call: Call): Promise<void> {
  peer.kill('SIGSTOP');
  let isFull = false;
  while (!isFull) {
    for (let i = 0; i < 100; i++)
      call('echo', TEXT).catch((error: unknown) => {
        // The others fail when it is over.
        isFull ||= isSkynetError(error, 'ERR_OVERLOADED');
      });
    await skynet.sleep(0);
  }
}

/** The figure, with a service that is called and a node that is blocked, or not. */
async function rate(
  effort: Parameters<Measure>[0],
  skynet: Skynet,
  ask: Call,
  other: Call,
  peer: ChildProcess,
  isBlocked: boolean,
): Promise<number> {
  await other('echo', 1);
  if (isBlocked) await block(skynet, peer, other);
  try {
    return await callRate(effort, () => ask('echo', PLAYER), 64, BATCH);
  } finally {
    peer.kill('SIGKILL');
  }
}

/** Over our own link. */
export function blockedLink(isBlocked: boolean): Measure {
  const program = path.join(import.meta.dirname, 'link-peer.ts');
  return async (effort) => {
    const node = await startNode(
      { network: link({ id: 1, silence: SILENCE, maxWaiting: MOST }) },
      { onLog: () => {} },
    );
    try {
      const [self] = await node.run((skynet) => createMesh(skynet).nodes());
      const address = self?.address ?? '';
      return await withPeer(program, ['node', address, '2', SILENCE], () =>
        withPeer(program, ['node', address, '3', SILENCE], (_, peer) =>
          node.run(async (skynet) => {
            const [near, far] = [await skynet.queryName('bench2'), await skynet.queryName('bench3')];
            const call =
              (to: number | undefined): Call =>
              (...values) =>
                skynet.call(to as number, 'lua', ...values);
            return [await rate(effort, skynet, call(near), call(far), peer, isBlocked)];
          }),
        ),
      );
    } finally {
      await node.stop();
    }
  };
}

/** Over the cluster. */
export function blockedCluster(isBlocked: boolean): Measure {
  const program = path.join(import.meta.dirname, 'cluster-peer.ts');
  return async (effort) => {
    const node = await startNode({ harbor: 0 }, { onLog: () => {} });
    try {
      return await withPeer(program, ['node'], (nearPort) =>
        withPeer(program, ['node'], (farPort, peer) =>
          node.run(async (skynet) => {
            const cluster = createCluster(skynet);
            await cluster.reload({
              __backlog: MOST,
              near: `127.0.0.1:${nearPort}`,
              far: `127.0.0.1:${farPort}`,
            });
            const call =
              (name: string): Call =>
              (...values) =>
                cluster.call(name, '@echo', ...values);
            return [await rate(effort, skynet, call('near'), call('far'), peer, isBlocked)];
          }),
        ),
      );
    } finally {
      await node.stop();
    }
  };
}

/** Over harbor. */
export function blockedHarbor(isBlocked: boolean): Measure {
  return async (effort) => {
    const master = `127.0.0.1:${await freePort()}`;
    const address = `127.0.0.1:${await freePort()}`;
    const node = await startNode(
      { network: harbor({ id: 1, address, master, standalone: master, backlog: MOST }) },
      { onLog: () => {} },
    );
    const near = await startPeer('node', master, String(await freePort()), '2');
    const far = await startPeer('node', master, String(await freePort()), '3');
    try {
      return await node.run(async (skynet) => {
        const [first, second] = [await skynet.queryName('bench2'), await skynet.queryName('bench3')];
        const call =
          (to: number | undefined): Call =>
          (...values) =>
            skynet.call(to as number, 'lua', ...values);
        return [await rate(effort, skynet, call(first), call(second), far.child, isBlocked)];
      });
    } finally {
      await Promise.all([endPeer(near.child), endPeer(far.child)]);
      await node.stop();
    }
  };
}
