import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { connect } from '@nats-io/transport-node';
import { startNode } from '@skynet/core';
import { Decoder, Encoder } from 'cbor-x';
import { type NatsServer, startNats } from '../../../test/nats.ts';
import { callRate } from '../../core/bench/calls.ts';
import type { Measure } from '../../core/bench/case.ts';
import { nats } from '../src/nats.ts';

const PEER = path.join(import.meta.dirname, 'nats-peer.ts');
/** Calls in a batch. */
const BATCH = 1000;
const MESH = 'bench';

/** Runs the other side in a process of its own, and a server for both. */
async function withPeer<Result>(
  args: (server: NatsServer) => readonly string[],
  work: (server: NatsServer) => Promise<Result>,
): Promise<Result> {
  const server = await startNats();
  const peer = spawn(process.execPath, ['--import', 'tsx', PEER, ...args(server)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(peer.stdout, 'data');
    return await work(server);
  } finally {
    peer.stdin.end();
    await once(peer, 'exit');
    await server.stop();
  }
}

/** Calls of a service of another node with a value that comes back, a second: over subjects, or directly. */
export function natsCalls(value: unknown, flight: number, direct = false): Measure {
  return (effort) =>
    withPeer(
      ({ url }) => ['node', url, MESH, String(direct)],
      async ({ url }) => {
        const network = nats({ id: 1, servers: url, mesh: MESH, direct });
        const node = await startNode({ network }, { onLog: () => {} });
        try {
          return await node.run(async (skynet) => {
            const echo = (await skynet.queryName('bench')) ?? 0;
            return [await callRate(effort, () => skynet.call(echo, 'lua', 'echo', value), flight, BATCH)];
          });
        } finally {
          await node.stop();
        }
      },
    );
}

/** The floor: as many requests by the client library. */
export function natsFloor(value: unknown, flight: number): Measure {
  return (effort) =>
    withPeer(
      ({ url }) => ['floor', url],
      async ({ url }) => {
        const nc = await connect({ servers: url });
        const encoder = new Encoder();
        const decoder = new Decoder();
        const ask = async (): Promise<unknown> =>
          decoder.decode((await nc.request('floor', encoder.encode(value), { timeout: 10_000 })).data);
        try {
          return [await callRate(effort, ask, flight, BATCH)];
        } finally {
          await nc.close();
        }
      },
    );
}
