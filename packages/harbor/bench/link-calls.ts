import path from 'node:path';
import { type Handle, type Skynet, startNode } from '@skynet/core';
import { callRate } from '../../core/bench/calls.ts';
import type { Measure } from '../../core/bench/case.ts';
import { createMesh, link } from '../src/link.ts';
import { cbor } from './cbor.ts';
import { BATCH, FLOOD, plainCalls, plainFlood, withPeer } from './plain-link.ts';

const PEER = path.join(import.meta.dirname, 'link-peer.ts');

async function inMesh<Result>(work: (skynet: Skynet, echo: Handle) => Promise<Result>): Promise<Result> {
  const node = await startNode({ network: link({ id: 1 }) }, { onLog: () => {} });
  try {
    const [self] = await node.run((skynet) => createMesh(skynet).nodes());
    return await withPeer(PEER, ['node', self?.address ?? ''], () =>
      node.run(async (skynet) => work(skynet, (await skynet.queryName('bench')) ?? 0)),
    );
  } finally {
    await node.stop();
  }
}

/** Calls of a service of another node with a value that comes back, a second. */
export function linkCalls(value: unknown, flight: number): Measure {
  return (effort) =>
    inMesh(async (skynet, echo) => [
      await callRate(effort, () => skynet.call(echo, 'lua', 'echo', value), flight, BATCH),
    ]);
}

/** Sends to a service of another node, a second. */
export const linkFlood: Measure = (effort) =>
  inMesh(async (skynet, echo) => [
    await effort.rate(async (count) => {
      for (let i = 0; i < count; i++) skynet.send(echo, 'lua', 'add', i);
      await skynet.call(echo, 'lua', 'sum');
    }, FLOOD),
  ]);

/** The floor of calls over our own link. */
export const linkFloor = (value: unknown, flight: number): Measure => plainCalls(PEER, cbor, value, flight);

/** The floor of sends over it. */
export const floodFloor: Measure = plainFlood(PEER, cbor);
