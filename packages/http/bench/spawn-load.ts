import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Measure } from '../../core/bench/case.ts';
import type { LoadOptions } from './load.ts';

const PROGRAM = path.join(import.meta.dirname, 'load.ts');

/** Starts a server on a free port; its port, and how to stop it. */
export type LoadedServer = () => Promise<{ readonly port: number; readonly stop: () => unknown }>;

/** Answers a second of a server in this process, and its processor time for one, in microseconds. */
export function load(server: LoadedServer, options: Omit<LoadOptions, 'port' | 'seconds'>): Measure {
  return async (effort) => {
    const { port, stop } = await server();
    const seconds = effort.tiny ? 0.1 : 2;
    const connections = effort.count(options.connections);
    const { answers, cpu } = await spawnLoad({ ...options, connections, port, seconds });
    await stop();
    return [answers / seconds, cpu / answers];
  };
}

/** Runs the load in a process of its own. */
function spawnLoad(options: LoadOptions): Promise<{ answers: number; cpu: number }> {
  const args = ['--import', 'tsx', PROGRAM, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let before = process.cpuUsage();
  let cpu = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const { user, system } = process.cpuUsage(before);
    if (output.endsWith('measuring\n')) before = process.cpuUsage();
    else cpu = user + system;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const line = output.trim().split('\n').at(-1) ?? '';
      if (code === 0 && line.startsWith('{')) resolve({ ...(JSON.parse(line) as { answers: number }), cpu });
      else reject(new Error(`the load ended with ${code}`));
    });
  });
}
