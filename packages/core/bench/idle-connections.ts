import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Measure } from './case.ts';
import type { EchoServer } from './echo-servers.ts';
import { bytesOfEach } from './memory.ts';

const PROGRAM = path.join(import.meta.dirname, 'idle-clients.ts');

/** Connects so many clients from another process; how to let them go. */
async function connectClients(port: number, count: number): Promise<() => void> {
  const args = ['--import', 'tsx', PROGRAM, String(port), String(count)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the clients ended with ${code}`)));
  });
  child.removeAllListeners('close');
  return () => child.stdin.end();
}

/** Bytes of memory (resident, heap) that a server takes for a connection which is open and silent. */
export function idleConnections(full: number, server: EchoServer): Measure {
  return async (effort) => {
    const count = effort.count(full);
    const { port } = await server();
    // The first ones pay for what all share.
    const first = await connectClients(port, Math.min(200, count));
    let rest: (() => void) | undefined;
    const { rss, heap } = await bytesOfEach(count, async () => {
      rest = await connectClients(port, count);
      return rest;
    });
    first();
    rest?.();
    return [rss, heap];
  };
}
