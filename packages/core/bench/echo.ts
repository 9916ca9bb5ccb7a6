import type { Measure } from './case.ts';
import type { EchoServer } from './echo-servers.ts';
import { spawnLoad } from './spawn-load.ts';

/** How long an answer takes, in microseconds: the median, and what one of a hundred and one of a thousand exceed. */
export function latency(connections: number, server: EchoServer): Measure {
  return async (effort) => {
    const { port, stop } = await server();
    const seconds = effort.tiny ? 0.1 : 2;
    const result = await spawnLoad({ port, connections, inflight: 1, size: 64, seconds });
    stop();
    return [result.p50, result.p99, result.p999];
  };
}

/**
 * Echoed frames a second, and processor time of the server for one, in microseconds.
 * @param websocket Whether each goes in a message of WebSocket.
 * @param size Bytes of a frame.
 */
export function echo(
  connections: number,
  inflight: number,
  server: EchoServer,
  websocket = false,
  size = 64,
): Measure {
  return async (effort) => {
    const { port, stop, usage } = await server();
    const seconds = effort.tiny ? 0.1 : 2;
    const load = { port, connections: effort.count(connections), inflight, size, seconds, websocket };
    const result = await spawnLoad(load, usage);
    stop();
    return [result.rate, result.serverEffort];
  };
}
