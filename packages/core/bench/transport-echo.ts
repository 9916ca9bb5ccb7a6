// Echo of frames over TCP, ours beside plain node:net, one process each:
//   tsx packages/core/bench/transport-echo.ts [--server native|stream|net] [--connections 100] [--inflight 32] ...
// Options of load.ts are passed on. Without --server all three take turns.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type EchoServer, netEcho, transportEcho } from './echo-servers.ts';
import { spawnLoad } from './spawn-load.ts';

const SERVERS: Readonly<Record<string, EchoServer>> = {
  native: transportEcho(),
  stream: transportEcho({ native: false }),
  net: netEcho,
};

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    server: text,
    connections: { ...text, default: '100' },
    inflight: { ...text, default: '32' },
    size: { ...text, default: '64' },
    seconds: { ...text, default: '3' },
  },
});
const { server: name, ...shape } = values;
const server = SERVERS[name ?? ''];
if (server === undefined) {
  const words = Object.entries(shape).flatMap(([key, value]) => [`--${key}`, value]);
  for (const each of Object.keys(SERVERS)) {
    const args = [...process.execArgv, import.meta.filename, '--server', each, ...words];
    spawnSync(process.execPath, args, { stdio: 'inherit' });
  }
} else {
  const { port } = await server();
  const result = await spawnLoad({
    port,
    connections: Number(shape.connections),
    inflight: Number(shape.inflight),
    size: Number(shape.size),
    seconds: Number(shape.seconds),
  });
  const { rate, p50, p99, effort, serverEffort, connections, inflight } = result;
  console.log(
    `${name}`.padEnd(8),
    `${connections} x ${inflight}: ${(rate / 1000).toFixed(0)} k/s, server ${serverEffort.toFixed(2)} us, load ${effort} us, p50 ${p50} us, p99 ${p99} us`,
  );
  process.exit(0);
}
