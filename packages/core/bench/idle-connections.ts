import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Measure } from './case.ts';
import type { EchoServer } from './echo-servers.ts';
import { bytesOfEach } from './memory.ts';

const PROGRAM = path.join(import.meta.dirname, 'idle-clients.ts');

/** Connects so many clients from another process; how to let them go. */
async function connectClients(port: number, count: number, websocket: boolean): Promise<() => void> {
  const args = ['--import', 'tsx', PROGRAM, String(port), String(count), ...(websocket ? ['websocket'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the clients ended with ${code}`)));
  });
  child.removeAllListeners('close');
  return () => child.stdin.end();
}

/** What else can be said of idle connections. */
export interface IdleOptions {
  /** Whether they are upgraded to WebSocket. */
  readonly websocket?: boolean;
  /** Connections that are made before: they pay for what all share. */
  readonly first?: number;
}

/** Bytes of memory (resident, heap) that a server takes for a connection which is open and silent. */
export function idleConnections(
  full: number,
  server: EchoServer,
  { websocket = false, first: before = 5000 }: IdleOptions = {},
): Measure {
  return async (effort) => {
    const count = effort.count(full);
    const { port } = await server();
    const first = await connectClients(port, effort.tiny ? count : before, websocket);
    let rest: (() => void) | undefined;
    const { rss, heap } = await bytesOfEach(count, async () => {
      rest = await connectClients(port, count, websocket);
      return rest;
    });
    first();
    rest?.();
    return [rss, heap];
  };
}
