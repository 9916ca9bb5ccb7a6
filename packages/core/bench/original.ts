import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../test/free-port.ts';
import type { Measure } from './case.ts';
import type { EchoServer } from './echo-servers.ts';

// The original, measured in turns with ours: `npm run bench -- --original <folder of a built skynet>`. It runs services of
// our own in Lua, which do the same work.

const SERVICES = path.join(import.meta.dirname, 'original');
/** Microseconds of one tick in /proc. */
const TICK = 10_000;

/** Starts a service of ours on the original. */
function start(service: string, settings: Readonly<Record<string, string>>): ChildProcess {
  const folder = process.env.SKYNET_ORIGINAL;
  if (folder === undefined) throw new Error('SKYNET_ORIGINAL does not say where the original is');
  return spawn(path.join(folder, 'skynet'), [path.join(SERVICES, 'config')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      BENCH_FOLDER: SERVICES,
      BENCH_START: service,
      BENCH_THREADS: '2',
      ...settings,
    },
  });
}

/** The first line of JSON that it prints; the rest is its log. */
async function firstLine(child: ChildProcess): Promise<unknown> {
  const log: string[] = [];
  for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
    if (line.startsWith('["') || /^\[[\d.,-]+\]$/.test(line)) return JSON.parse(line);
    log.push(line);
  }
  throw new Error(`the original has ended: ${log.slice(-5).join('\n')}`);
}

/** What the original does of the same kind: `what` is a piece of work of `original/benchmain.lua`. */
export function original(what: string): Measure {
  return () => measured(what, {});
}

/** The same over two of its nodes, in two processes: what is asked of the other goes over its cluster. */
export function originalCluster(what: string): Measure {
  return async () => {
    const { port, stop } = await originalServer('benchcluster');
    try {
      return await measured(what, { BENCH_PORT: String(port) });
    } finally {
      stop();
    }
  };
}

async function measured(
  what: string,
  settings: Readonly<Record<string, string>>,
): Promise<readonly number[]> {
  const child = start('benchmain', { BENCH_WHAT: what, ...settings });
  const figures = (await firstLine(child)) as number[];
  if (child.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  return figures;
}

/** A server that runs on the original: a service of `original/`, which says when it listens on BENCH_PORT. */
export async function originalServer(
  service: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ port: number; stop: () => void; usage: () => number }> {
  const port = await freePort();
  const child = start(service, { BENCH_PORT: String(port), ...settings });
  await firstLine(child);
  return {
    port,
    stop: () => void child.kill('SIGKILL'),
    usage: () => {
      const [, text = ''] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ');
      const fields = text.split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK;
    },
  };
}

/** A gate of the original, by the name of a service in `original/`. */
export function originalGate(gate: string): EchoServer {
  return () => originalServer('benchgate', { BENCH_GATE: gate });
}
