import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import path from 'node:path';
import { FrameReader } from '@skynet/core/netpack';
import { callRate } from '../../core/bench/calls.ts';
import type { Measure } from '../../core/bench/case.ts';

/** Calls in a batch. */
export const BATCH = 2000;
/** Sends between two calls that wait until all of them have arrived. */
export const FLOOD = 2000;

/** Runs the other side in a process of its own, which says its port when it is ready. */
export async function withPeer<Result>(
  program: string,
  args: readonly string[],
  work: (port: number, peer: ChildProcess) => Promise<Result>,
): Promise<Result> {
  const peer = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(peer, 'exit');
  try {
    const [line] = (await Promise.race([once(peer.stdout, 'data'), ended])) as [unknown];
    if (!(line instanceof Buffer))
      throw new Error(`${path.basename(program)} has ended with ${String(line)}`);
    return await work(Number(line.toString()), peer);
  } finally {
    peer.stdin.end();
    await ended;
  }
}

/** How bodies become bytes and back. */
export interface Packing {
  pack(values: unknown[]): Uint8Array;
  unpack(bytes: Uint8Array): unknown[];
}

/** Frames over one plain connection, those of a turn gathered, a promise for each. */
function overTcp(
  program: string,
  packing: () => Packing,
  work: (ask: (value: unknown) => Promise<unknown>) => Promise<number>,
): Promise<readonly number[]> {
  return withPeer(program, ['floor'], async (port) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const reader = new FrameReader({ header: 4 });
    const { pack, unpack } = packing();
    const pending = new Map<number, (value: unknown) => void>();
    let out: Buffer[] = [];
    let session = 0;
    socket.on('data', (chunk) => {
      reader.pushOwned(chunk, (frame) => {
        const id = Buffer.from(frame.buffer, frame.byteOffset, 4).readUInt32BE(0);
        const resolve = pending.get(id);
        pending.delete(id);
        resolve?.(unpack(frame.subarray(4))[1]);
      });
    });
    const ask = (value: unknown): Promise<unknown> =>
      new Promise((resolve) => {
        session++;
        pending.set(session, resolve);
        const body = pack(['echo', value]);
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

/** The floor of calls: as many over one plain connection between two processes. */
export function plainCalls(program: string, packing: () => Packing, value: unknown, flight: number): Measure {
  return (effort) => overTcp(program, packing, (ask) => callRate(effort, () => ask(value), flight, BATCH));
}

/** The floor of sends: frames that are answered, all of them under way at once. */
export function plainFlood(program: string, packing: () => Packing): Measure {
  return (effort) =>
    overTcp(program, packing, (ask) =>
      effort.rate(async (count) => {
        await Promise.all(Array.from({ length: count }, (_, i) => ask(i)));
      }, FLOOD),
    );
}
