import { spawn } from 'node:child_process';
import path from 'node:path';

/** What the load does. Bodies are hex. */
export interface LoadOptions {
  readonly port: number;
  /** Login names; all have the secret `12345678`. */
  readonly users: readonly string[];
  /** Asked once by each, one after another. */
  readonly first?: string;
  /** Asked again and again. */
  readonly request?: string;
  /** What is to be answered. */
  readonly answer?: string;
  /** Requests on their way, of each. Default 1. */
  readonly inflight?: number;
  /** Whether pushes carry the moment of their sending, a float64 from the ninth byte on. */
  readonly timed?: boolean;
  /** Room of Colyseus that the users join, instead of the message server. */
  readonly room?: string;
  readonly seconds: number;
}

export interface LoadResult {
  readonly answers: number;
  readonly pushes: number;
  readonly seconds: number;
  /** Milliseconds from the sending of a push to its coming. */
  readonly p99: number;
}

/** Runs the load; what came, and this process' time meanwhile in microseconds. */
export function load(options: LoadOptions): Promise<LoadResult & { readonly spent: number }> {
  const file = path.join(import.meta.dirname, 'player-load.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', file, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
      if (code === 0 && line.startsWith('{')) resolve({ ...(JSON.parse(line) as LoadResult), spent });
      else reject(new Error(`the load ended with ${code}`));
    });
  });
}
