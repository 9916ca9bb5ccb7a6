import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startNode } from '@skynet/core';
import { FrameReader, pack } from '@skynet/core/netpack';
import { harbor } from '@skynet/harbor';
import { freePort } from '../../../test/free-port.ts';
import { callRate } from '../../core/bench/calls.ts';
import type { Measure } from '../../core/bench/case.ts';

/** Starts the other side; resolves to what it says when it is ready. */
export async function startPeer(...args: string[]): Promise<{ child: ChildProcess; port: number }> {
  const file = fileURLToPath(new URL('./peer.ts', import.meta.url));
  const child = fork(file, args, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [port] = (await once(child, 'message')) as [number];
  return { child, port };
}

export async function endPeer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

/** Calls to a service of another node, in another process. */
export function networkCalls(value: unknown, flight: number): Measure {
  return async (effort) => {
    const master = `127.0.0.1:${await freePort()}`;
    const network = harbor({ id: 1, address: `127.0.0.1:${await freePort()}`, master, standalone: master });
    const node = await startNode({ network }, { onLog: () => {} });
    const { child } = await startPeer('node', master, String(await freePort()));
    try {
      return await node.run(async (skynet) => {
        const echo = (await skynet.queryName('bench')) ?? 0;
        return [await callRate(effort, () => skynet.call(echo, 'lua', 'echo', value), flight, 500)];
      });
    } finally {
      await endPeer(child);
      await node.stop();
    }
  };
}

/** The floor: frames of as many bytes over a plain socket, a promise each. */
export function socketCalls(size: number, flight: number): Measure {
  return async (effort) => {
    const { child, port } = await startPeer('tcp');
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const waiting: (() => void)[] = [];
    const reader = new FrameReader({ header: 4 });
    socket.on('data', (chunk) => reader.push(chunk, () => waiting.shift()?.()));
    const body = pack(new Uint8Array(size), { header: 4 });
    const call = (): Promise<void> =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.write(body);
      });
    try {
      return [await callRate(effort, call, flight, 500)];
    } finally {
      socket.destroy();
      await endPeer(child);
    }
  };
}
