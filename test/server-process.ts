import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { testProgram } from './programs.ts';

/** A folder that is there until {@link removeFolder}. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(path.join(tmpdir(), `skynet-${name}-`));
}

/** Removes a folder of {@link temporaryFolder}. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A server of another kind, run by a test. */
export interface ServerProcess {
  readonly child: ChildProcess;
  /** Ends it at once. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a server that ends with this process. What it writes is thrown away, but for the end that a failure shows. */
export function startServer(file: string, args: readonly string[]): ServerProcess {
  const { file: setpriv } = testProgram('setpriv');
  const [program, ...rest] =
    setpriv === undefined ? [file, ...args] : [setpriv, '--pdeathsig', 'KILL', file, ...args];
  const child = spawn(program as string, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    child,
    kill: () => {
      child.kill('SIGKILL');
      return gone;
    },
  };
}

/** Waits until somebody listens on a port. Fails with what the server has written when it ends before, or after 30 s. */
export async function listening(server: ServerProcess, port: number): Promise<void> {
  let written = '';
  server.child.stderr?.on('data', (chunk) => {
    written = `${written}${String(chunk)}`.slice(-2000);
  });
  const until = Date.now() + 30_000;
  for (;;) {
    if (server.child.exitCode !== null || server.child.signalCode !== null || Date.now() > until)
      throw new Error(`the server does not listen on port ${port}: ${written}`);
    if (await canConnect(port)) return;
  }
}

/**
 * Starts a server on a free port. Where somebody has taken that before the server listens, on another.
 * @param start starts it on a port, and waits until it listens.
 */
export async function startOnFreePort(
  start: (port: number) => Promise<ServerProcess>,
): Promise<{ readonly server: ServerProcess; readonly port: number }> {
  for (let left = 4; ; left--) {
    const port = await freePort();
    try {
      return { server: await start(port), port };
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      // From a port to itself a connection comes about without anybody who listens.
      const isServed = socket.localPort !== port;
      socket.destroy();
      resolve(isServed);
    });
    // A little later, so as not to hold the processor that the server needs.
    socket.on('error', () => setTimeout(resolve, 10, false));
  });
}
