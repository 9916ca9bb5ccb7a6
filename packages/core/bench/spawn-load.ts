import { spawn } from 'node:child_process';
import path from 'node:path';
import type { LoadOptions, LoadResult } from './load.ts';

const PROGRAM = path.join(import.meta.dirname, 'load.ts');

/** What the load measured, and what it cost the server. */
export interface ServerResult extends LoadResult {
  /** Processor time of this process for an answer, in microseconds. */
  readonly serverEffort: number;
}

/** Runs the load in a process of its own, against a server in this one. */
export function spawnLoad(options: LoadOptions): Promise<ServerResult> {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const args = ['--import', 'tsx', PROGRAM, '--announce', ...words];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let before = process.cpuUsage();
  let spent = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const { user, system } = process.cpuUsage(before);
    if (output.endsWith('measuring\n')) before = process.cpuUsage();
    else spent = user + system;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const line = output.trim().split('\n').at(-1) ?? '';
      if (code !== 0 || !line.startsWith('{')) {
        reject(new Error(`the load ended with ${code}`));
        return;
      }
      const result = JSON.parse(line) as LoadResult;
      resolve({ ...result, serverEffort: spent / result.answers });
    });
  });
}
