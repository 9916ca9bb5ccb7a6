import path from 'node:path';
import { freePorts } from './free-port.ts';
import { testProgram } from './programs.ts';
import {
  listening,
  removeFolder,
  type ServerProcess,
  startServer,
  temporaryFolder,
} from './server-process.ts';

/** Why there is no NATS; undefined where there is one. */
export const natsMissing: string | undefined = testProgram('nats-server').missing;

/** A server of NATS with JetStream, empty at first. */
export interface NatsServer {
  readonly url: string;
  /** Sends the server a signal. */
  signal(name: NodeJS.Signals): void;
  /** Ends the server at once. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it has kept. */
  start(): Promise<void>;
  /** Takes away what it has kept, while it does not run. */
  empty(): void;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Where a server with this folder keeps what it is told. */
function storeIn(folder: string): string {
  return path.join(folder, 'jetstream');
}

async function startOne(port: number, folder: string, options: readonly string[]): Promise<NatsServer> {
  const { file } = testProgram('nats-server');
  if (file === undefined) throw new Error(natsMissing);
  const start = async (): Promise<ServerProcess> => {
    const server = startServer(file, ['-a', '127.0.0.1', '-p', String(port), ...options]);
    await listening(server, port);
    // Where it falls by a fault of its own it is started again, as whoever runs it would.
    server.child.once('exit', (code) => {
      if (code === null) return;
      console.warn(`nats-server has ended with ${code}, and is started again`);
      void again();
    });
    return server;
  };
  let server = await start();
  const again = async (): Promise<void> => {
    server = await start();
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    signal: (name) => void server.child.kill(name),
    kill: () => server.kill(),
    start: again,
    empty: () => removeFolder(storeIn(folder)),
    stop: async () => {
      await server.kill();
      removeFolder(folder);
    },
  };
}

/** Starts a server on a free port in a temporary folder. */
export async function startNats(
  options: readonly string[] = [],
  { jetStream: hasJetStream = true }: { jetStream?: boolean } = {},
): Promise<NatsServer> {
  const [port] = await freePorts(1);
  const folder = temporaryFolder('nats');
  return startOne(port as number, folder, [
    ...(hasJetStream ? ['-js', '-sd', storeIn(folder)] : []),
    ...options,
  ]);
}

/** Starts three servers that keep what they are told together. */
export async function startNatsCluster(): Promise<{
  readonly servers: readonly NatsServer[];
  stop(): Promise<void>;
}> {
  const ports = await freePorts(6);
  const routes = ports.slice(3);
  const servers = await Promise.all(
    ports.slice(0, 3).map((port, i) => {
      const folder = temporaryFolder('nats');
      return startOne(port, folder, [
        ...['-js', '-sd', storeIn(folder)],
        ...['--name', `nats${i}`, '--cluster_name', 'tests'],
        ...['--cluster', `nats://127.0.0.1:${routes[i]}`],
        ...['--routes', routes.map((route) => `nats://127.0.0.1:${route}`).join(',')],
      ]);
    }),
  );
  return {
    servers,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
