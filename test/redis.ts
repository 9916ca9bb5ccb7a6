import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { testProgram } from './programs.ts';
import {
  listening,
  removeFolder,
  type ServerProcess,
  startOnFreePort,
  startServer,
  temporaryFolder,
} from './server-process.ts';

/** Why there is no Redis; undefined where there is one. */
export const redisMissing: string | undefined = testProgram('redis-server').missing;

/** A Redis server of its own, empty. */
export interface RedisServer {
  readonly port: number;
  /** Runs a command by the server's own client; gives what that prints. */
  cli(...args: string[]): string;
  /** Clients that the server counts, without the one that asks. */
  clients(): number;
  /** Sends the server a signal. */
  signal(name: NodeJS.Signals): void;
  /** Ends the server at once. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a Redis server on a free port in a temporary folder. */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const { file } = testProgram('redis-server');
  const { file: client } = testProgram('redis-cli');
  if (file === undefined || client === undefined) throw new Error(redisMissing);
  const folder = temporaryFolder('redis');
  const start = async (port: number): Promise<ServerProcess> => {
    const data = path.join(folder, String(port));
    mkdirSync(data, { recursive: true });
    const server = startServer(file, [
      ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', data],
      ...options,
    ]);
    await listening(server, port);
    return server;
  };
  const started = await startOnFreePort(start);
  const { port } = started;
  let { server } = started;
  const cli = (...args: string[]): string =>
    execFileSync(client, ['-p', String(port), ...args], { encoding: 'utf8' });
  return {
    port,
    cli,
    clients: () => Number(/connected_clients:(\d+)/.exec(cli('info', 'clients'))?.[1]) - 1,
    signal: (name) => void server.child.kill(name),
    kill: () => server.kill(),
    start: async () => {
      server = await start(port);
    },
    stop: async () => {
      await server.kill();
      removeFolder(folder);
    },
  };
}

/** Starts a cluster of three servers that share the slots. */
export async function startRedisCluster(): Promise<{
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}> {
  const nodes: RedisServer[] = [];
  for (let i = 0; i < 3; i++) {
    const bus = await freePort();
    nodes.push(
      await startRedis([
        ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'],
        ...['--cluster-port', String(bus), '--cluster-node-timeout', '30000'],
      ]),
    );
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  nodes[0]?.cli('--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes');
  return {
    nodes,
    stop: async () => {
      for (const node of nodes) await node.stop();
    },
  };
}
