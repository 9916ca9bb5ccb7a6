import type { ResolvedConfig } from '../config/config.ts';
import { SkynetError } from '../errors.ts';

// A node in the background (config `daemon`). The command starts itself anew, cut off from the terminal, waits until
// the node has started or could not, says which, and ends.

/** In the environment of the process in the background. */
const MARK = 'SKYNET_IN_BACKGROUND';
const STARTED = 'started';

/** What the process in the background does with what it was started for. */
export interface Background {
  /** Tells the command that the node has started. */
  started(): void;
  /** Tells the command why it has not. */
  failed(text: string): Promise<void>;
}

/** The process in the background, if this is it. */
export function background(): Background | undefined {
  if (process.env[MARK] === undefined) return undefined;
  // Not for the processes that services start.
  delete process.env[MARK];
  return {
    started: () => process.send?.(STARTED, () => process.disconnect()),
    failed: (text) => new Promise((resolve) => process.send?.(text, () => resolve()) ?? resolve()),
  };
}

/**
 * Runs this command again in the background; resolves to its process id when the node has started.
 * @throws ERR_CONFIG without a log file, and what kept the node from starting.
 */
export function runInBackground({ logger, logService }: ResolvedConfig): Promise<number> {
  if (logger === undefined && logService === undefined)
    return Promise.reject(new SkynetError('ERR_CONFIG', 'daemon needs logger: nobody sees standard output'));
  // Few nodes run there, and it takes longer to load than this file.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`the node ended with code ${code} before it had started`)));
    child.on('message', (text) => {
      if (text !== STARTED) reject(new Error(String(text)));
      else resolve(child.pid as number);
    });
  });
}
