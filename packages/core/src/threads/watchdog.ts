import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Handle } from '../handle.ts';
import { builtFile } from './built-file.ts';

/** What the watchdog's thread is told. */
export interface WatchdogSetup {
  readonly memory: SharedArrayBuffer;
  /** Milliseconds between two looks: a service is reported after one to two of them. */
  readonly interval: number;
  /** File name or descriptor that a report about the main thread is written to at once, since the logger is stuck too. */
  readonly output: string | number | undefined;
}

/** A service that has held its thread for too long. */
export interface EndlessReport {
  readonly handle: Handle;
  readonly text: string;
  /** Whether it stands in the log already. */
  readonly written: boolean;
}

export interface Watchdog {
  stop(): void;
}

/**
 * Watches from a thread that runs no code of services (spec of the original: the monitor thread): whoever works on the
 * same message at two looks is reported, at every look while it lasts. Undefined where the package is not built.
 */
export function startWatchdog(
  setup: WatchdogSetup,
  report: (found: EndlessReport) => void,
): Watchdog | undefined {
  const file = builtFile('watchdog-main.js');
  if (!existsSync(file)) return undefined;
  const worker = new Worker(file, { workerData: setup, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  worker.unref();
  worker.on('message', report);
  worker.on('error', () => {});
  return { stop: () => void worker.terminate() };
}
