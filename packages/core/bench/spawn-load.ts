import { spawn } from 'node:child_process';
import path from 'node:path';
import type { LoadOptions, LoadResult } from './load.ts';

const PROGRAM = path.join(import.meta.dirname, 'load.ts');

/** What a load counts. */
interface Counted {
  readonly answers: number;
}

/** What the load measured, and what it cost the server. */
export type ServerResult<Result extends Counted> = Result & {
  /** Processor time of the server for an answer, in microseconds. */
  readonly serverEffort: number;
};

function ownUsage(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Runs a load in a process of its own, against a server in this one, or in another whose processor time `usage` says. The
 * program prints `measuring` when it has warmed up, and a line of JSON at the end.
 */
export function runLoadProgram<Result extends Counted>(
  program: string,
  options: object,
  usage: () => number = ownUsage,
): Promise<ServerResult<Result>> {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let before = usage();
  let spent = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.endsWith('measuring\n')) before = usage();
    else spent = usage() - before;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const line = output.trim().split('\n').at(-1) ?? '';
      if (code !== 0 || !line.startsWith('{')) {
        reject(new Error(`the load ended with ${code}`));
        return;
      }
      const result = JSON.parse(line) as Result;
      resolve({ ...result, serverEffort: spent / result.answers });
    });
  });
}

/** Loads an echo server. */
export function spawnLoad(options: LoadOptions, usage?: () => number): Promise<ServerResult<LoadResult>> {
  return runLoadProgram(PROGRAM, options, usage);
}
