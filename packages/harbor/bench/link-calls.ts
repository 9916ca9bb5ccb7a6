import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { type Handle, type Skynet, startNode } from '@skynet/core';
import { FrameReader } from '@skynet/core/netpack';
import { Decoder, Encoder } from 'cbor-x';
import { callRate } from '../../core/bench/calls.ts';
import type { Measure } from '../../core/bench/case.ts';
import { createMesh, link } from '../src/link.ts';

const PEER = path.join(import.meta.dirname, 'link-peer.ts');
/** Calls in a batch. */
const BATCH = 2000;
/** Sends between two calls that wait until all of them have arrived. */
const FLOOD = 2000;

/** Runs the other side in a process of its own. */
async function withPeer<Result>(
  args: readonly string[],
  work: (port: number) => Promise<Result>,
): Promise<Result> {
  const peer = spawn(process.execPath, ['--import', 'tsx', PEER, ...args], {
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

async function inMesh<Result>(work: (skynet: Skynet, echo: Handle) => Promise<Result>): Promise<Result> {
  const node = await startNode({ network: link({ id: 1 }) }, { onLog: () => {} });
  try {
    const [self] = await node.run((skynet) => createMesh(skynet).nodes());
    return await withPeer(['node', self?.address ?? ''], () =>
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

/** Frames over one plain connection, those of a turn gathered, bodies by cbor-x at its best. */
function overTcp(
  work: (ask: (value: unknown) => Promise<unknown>) => Promise<number>,
): Promise<readonly number[]> {
  return withPeer(['floor'], async (port) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const reader = new FrameReader({ header: 4 });
    const encoder = new Encoder({ sequential: true, structures: [] });
    const decoder = new Decoder({ sequential: true, structures: [] });
    const pending = new Map<number, (value: unknown) => void>();
    let out: Buffer[] = [];
    let session = 0;
    socket.on('data', (chunk) => {
      reader.pushOwned(chunk, (frame) => {
        const id = Buffer.from(frame.buffer, frame.byteOffset, 4).readUInt32BE(0);
        const resolve = pending.get(id);
        pending.delete(id);
        resolve?.((decoder.decode(frame.subarray(4)) as unknown[])[1]);
      });
    });
    const ask = (value: unknown): Promise<unknown> =>
      new Promise((resolve) => {
        session++;
        pending.set(session, resolve);
        const body = encoder.encode(['echo', value]);
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
export function linkFloor(value: unknown, flight: number): Measure {
  return (effort) => overTcp((ask) => callRate(effort, () => ask(value), flight, BATCH));
}

/** The floor of sends: frames that are answered, all of them under way at once. */
export const floodFloor: Measure = (effort) =>
  overTcp((ask) =>
    effort.rate(async (count) => {
      await Promise.all(Array.from({ length: count }, (_, i) => ask(i)));
    }, FLOOD),
  );
