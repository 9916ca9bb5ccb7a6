import type { Measure } from './case.ts';
import type { EchoServer } from './echo-servers.ts';
import { spawnLoad } from './spawn-load.ts';

/**
 * How long an answer takes, in microseconds: the median, and what one of a hundred and one of a thousand exceed. Each
 * connection waits for 2 ms after an answer, so that the server is not kept busy by it.
 * @param beside Counts what else the server does; so much of it in a second comes last.
 */
export function latency(connections: number, server: EchoServer, beside?: () => number): Measure {
  return async (effort) => {
    const { port, stop } = await server();
    const seconds = effort.tiny ? 0.1 : 3;
    const load = { port, connections, inflight: 1, size: 64, seconds, pause: 2 };
    const { p50, p99, p999, rate, serverEffort } = await spawnLoad(load, beside);
    stop();
    return [p50, p99, p999, beside === undefined ? Number.NaN : serverEffort * rate];
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
