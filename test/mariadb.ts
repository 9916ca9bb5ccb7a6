import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { testProgram } from './programs.ts';
import {
  listening,
  removeFolder,
  type ServerProcess,
  startOnFreePort,
  startServer,
  temporaryFolder,
} from './server-process.ts';

/** Why there is no MariaDB; undefined where there is one. */
export const mariadbMissing: string | undefined = testProgram('mariadbd').missing;

/** A MariaDB of its own, empty but for the database `lab`: user `lab`, password `secret`; user `root` without one. */
export interface MariaDb {
  readonly port: number;
  /** Runs statements as root, by the server's own client. */
  sql(text: string): string;
  /** Connections of a user, as the server counts them. */
  connections(user?: string): number;
  /** Sends the server a signal. */
  signal(name: NodeJS.Signals): void;
  /** Ends the server at once and starts it again on the same port, unless told not to. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a MariaDB on a free port in a temporary folder. It takes one or two seconds. */
export async function startMariaDb(options: readonly string[] = []): Promise<MariaDb> {
  const folder = temporaryFolder('mariadb');
  const data = path.join(folder, 'data');
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const { file: install } = testProgram('mariadb-install-db');
  const { file: daemon } = testProgram('mariadbd');
  const { file: client } = testProgram('mariadb');
  if (install === undefined || daemon === undefined || client === undefined) throw new Error(mariadbMissing);
  execFileSync(
    install,
    [
      '--no-defaults',
      ...user,
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      // One that starts clears away the temporary tables that it finds, of whichever server they are.
      `--tmpdir=${folder}`,
      '--innodb-log-file-size=8M',
      // The kernel has a limit for all of them together.
      '--innodb-use-native-aio=0',
    ],
    // What it says goes into the error.
    { stdio: 'pipe' },
  );
  const start = async (port: number): Promise<ServerProcess> => {
    const server = startServer(daemon, [
      '--no-defaults',
      ...user,
      `--datadir=${data}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--socket=${path.join(folder, 's.sock')}`,
      `--pid-file=${path.join(folder, 'pid')}`,
      `--tmpdir=${folder}`,
      '--max-allowed-packet=1M',
      '--character-set-server=utf8mb4',
      '--skip-log-bin',
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=32M',
      '--innodb-log-file-size=8M',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-use-native-aio=0',
      '--performance-schema=OFF',
      ...options,
    ]);
    await listening(server, port);
    return server;
  };
  const started = await startOnFreePort(start);
  const { port } = started;
  let { server } = started;
  const sql = (text: string): string =>
    execFileSync(client, ['--no-defaults', '-h127.0.0.1', `-P${port}`, '-uroot', '-N', '-B'], {
      input: text,
      encoding: 'utf8',
    });
  sql(
    "create database lab character set utf8mb4; create user lab@'127.0.0.1' identified by 'secret'; " +
      "create user lab@localhost identified by 'secret'; grant all on lab.* to lab@'127.0.0.1'; grant all on lab.* to lab@localhost",
  );
  return {
    port,
    sql,
    connections: (name = 'lab') =>
      Number(sql(`select count(*) from information_schema.processlist where user = '${name}'`)),
    signal: (name) => void server.child.kill(name),
    kill: () => server.kill(),
    restart: async () => {
      await server.kill();
      server = await start(port);
    },
    stop: async () => {
      await server.kill();
      removeFolder(folder);
    },
  };
}
