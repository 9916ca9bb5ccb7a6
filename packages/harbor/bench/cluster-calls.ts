import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { packSeri, startNode, unpackSeri } from '@skynet/core';
import { FrameReader } from '@skynet/core/netpack';
import { callRate } from '../../core/bench/calls.ts';
import type { Measure } from '../../core/bench/case.ts';
import { type Cluster, createCluster } from '../src/cluster.ts';

const PEER = path.join(import.meta.dirname, 'cluster-peer.ts');
/** Calls in a batch. */
const BATCH = 2000;
/** Sends between two calls that wait until all of them have arrived. */
const FLOOD = 2000;

/** Runs the other side in a process of its own. */
async function withPeer<Result>(
  kind: 'node' | 'floor',
  work: (port: number) => Promise<Result>,
): Promise<Result> {
  const peer = spawn(process.execPath, ['--import', 'tsx', PEER, kind], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(peer.stdout, 'data')) as [Buffer];
    return await work(Number(line.toString()));
  } finally {
    peer.stdin.end();
    await once(peer, 'exit');
  }
}

function inCluster<Result>(work: (cluster: Cluster) => Promise<Result>): Promise<Result> {
  return withPeer('node', async (port) => {
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

/** Frames over one plain connection, those of a turn gathered: calls, or with `flood` frames without an answer of their own. */
function overTcp(
  work: (ask: (value: unknown) => Promise<unknown>) => Promise<number>,
): Promise<readonly number[]> {
  return withPeer('floor', async (port) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const reader = new FrameReader({ header: 4 });
    const pending = new Map<number, (value: unknown) => void>();
    let out: Buffer[] = [];
    let session = 0;
    socket.on('data', (chunk) => {
      reader.pushOwned(chunk, (frame) => {
        const id = Buffer.from(frame.buffer, frame.byteOffset, 4).readUInt32BE(0);
        const resolve = pending.get(id);
        pending.delete(id);
        resolve?.(unpackSeri(frame, 4)[1]);
      });
    });
    const ask = (value: unknown): Promise<unknown> =>
      new Promise((resolve) => {
        session++;
        pending.set(session, resolve);
        const body = packSeri(['echo', value]);
        const frame = Buffer.allocUnsafe(8 + body.length);
        frame.writeUInt32BE(4 + body.length, 0);
        frame.writeUInt32BE(session, 4);
        frame.set(body, 8);
        if (out.push(frame) > 1) return;
        setImmediate(() => {
          socket.write(Buffer.concat(out));
          out = [];
        });
      });
    const figure = await work(ask);
    socket.destroy();
    return [figure];
  });
}

/** The floor: as many calls over one plain connection between two processes. */
export function tcpCalls(value: unknown, flight: number): Measure {
  return (effort) => overTcp((ask) => callRate(effort, () => ask(value), flight, BATCH));
}

/** The floor of sends: frames that are answered, all of them under way at once. */
export const tcpFlood: Measure = (effort) =>
  overTcp((ask) =>
    effort.rate(async (count) => {
      await Promise.all(Array.from({ length: count }, (_, i) => ask(i)));
    }, FLOOD),
  );
