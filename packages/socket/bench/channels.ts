import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createChannel } from '@skynet/socket';
import { callRate } from '../../core/bench/calls.ts';
import type { Measure } from '../../core/bench/case.ts';
import { inNode } from '../../core/bench/node.ts';

/** Requests under way at the same time. */
const FLIGHT = 64;

/** A server in this process that sends every line back. */
async function withEchoServer<Result>(work: (port: number) => Promise<Result>): Promise<Result> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work((server.address() as { port: number }).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** Requests a second whose answers come in their order. */
export const orderedRequests: Measure = (effort) =>
  withEchoServer((port) =>
    inNode(async (skynet) => {
      const channel = createChannel(skynet, { host: '127.0.0.1', port });
      const ask = () => channel.request('data\n', async (source) => [true, await source.readLine()]);
      return [await callRate(effort, ask, FLIGHT, 2048)];
    }),
  );

/** Requests a second whose answers carry a session. */
export const sessionRequests: Measure = (effort) =>
  withEchoServer((port) =>
    inNode(async (skynet) => {
      const channel = createChannel(skynet, {
        host: '127.0.0.1',
        port,
        response: async (source) => {
          const line = await source.readLine();
          return [Number(line.slice(4)), true, line] as const;
        },
      });
      let session = 0;
      const ask = () => channel.request(`data${++session}\n`, session);
      return [await callRate(effort, ask, FLIGHT, 2048)];
    }),
  );

/** The floor: a socket, lines by `split`, and who waits in a list or by session; no service, no limits. */
export function plainRequests(bySession: boolean): Measure {
  return (effort) =>
    withEchoServer(async (port) => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      await once(socket, 'connect');
      const waiting = new Map<number, (line: string) => void>();
      let sent = 0;
      let answered = 0;
      let rest = '';
      socket.on('data', (chunk) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const key = bySession ? Number(line.slice(4)) : ++answered;
          waiting.get(key)?.(line);
          waiting.delete(key);
        }
      });
      const ask = (): Promise<string> =>
        new Promise((resolve) => {
          waiting.set(++sent, resolve);
          socket.write(`data${bySession ? sent : ''}\n`);
        });
      const rate = await callRate(effort, ask, FLIGHT, 2048);
      socket.destroy();
      return [rate];
    });
}
