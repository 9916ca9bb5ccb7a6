import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Handle } from '../handle.ts';
import { builtFile } from './built-file.ts';
import { SIGNAL_EXEC_ARGV } from './process-signals.ts';

/** Milliseconds between two beats of a node that stops. */
const BEAT = 50;

/** What the watchdog's thread is told. */
export interface WatchdogSetup {
  readonly memory: SharedArrayBuffer;
  /** Milliseconds between two looks: a service is reported after one to two of them. */
  readonly endlessAfter: number;
  /** The same for ending its thread; 0 never. */
  readonly endEndlessAfter: number;
  /** File name or descriptor that a report about the main thread is written to at once, since the logger is stuck too. */
  readonly output: string | number | undefined;
  /** For a process that is this node and nothing else: see {@link StopGuard}. */
  readonly guard?: GuardSetup | undefined;
}

export interface GuardSetup {
  /** Where thread 0 counts while it stops the node. */
  readonly beats: SharedArrayBuffer;
  /** Name of the channel on which other threads hear that they are to stop; undefined if there are none. */
  readonly channel: string | undefined;
  /** Milliseconds. */
  readonly shutdownTimeout: number;
}

/** What its thread says. */
export type FromWatchdog =
  /** From now on it hears signals. */
  { kind: 'listens' } | Found;

/** What it finds. */
export type Found =
  /** A service has held its thread for too long; `written` if that stands in the log already. */
  | { kind: 'endless'; handle: Handle; number: number; text: string; written: boolean }
  /** One has done so for longer than is allowed. */
  | { kind: 'end'; thread: number; handle: Handle };

/** Thread 0 stops the node; the exit code is for the case that it does not get to the end. */
export type ToWatchdog = { kind: 'stopping'; code: number };

export interface Watchdog {
  /** Tells from now on what it finds. Services that hold a thread are there only later. */
  onFound(told: (message: Found) => void): void;
  /** Settles when it hears signals in place of thread 0, which must not be held before: a signal would be nobody's. */
  readonly listens: Promise<void> | undefined;
  /** The node stops: from now on thread 0 gives signs of life, and the process is ended without them. */
  stopping(code: number): void;
  stop(): void;
}

/**
 * Watches from a thread that runs no code of services (spec of the original: the monitor thread): whoever works on the
 * same message at two looks is reported, at every look while it lasts. Undefined where the package is not built.
 * @param output - see {@link WatchdogSetup.output}.
 */
export function startWatchdog(
  { endlessAfter, endEndlessAfter }: Pick<WatchdogSetup, 'endlessAfter' | 'endEndlessAfter'>,
  memory: SharedArrayBuffer,
  output: WatchdogSetup['output'],
  guard: Omit<GuardSetup, 'beats'> | undefined,
): Watchdog | undefined {
  const file = builtFile('watchdog-main.cjs');
  if (!existsSync(file)) return undefined;
  const beats = new SharedArrayBuffer(4);
  const worker = startWorker(file, {
    memory,
    endlessAfter,
    endEndlessAfter,
    output,
    guard: guard && { ...guard, beats },
  });
  worker.on('error', () => {});
  const listens = guard && whenListening(worker);
  if (listens === undefined) worker.unref();
  let beating: NodeJS.Timeout | undefined;
  const beat = (): void => void Atomics.add(new Int32Array(beats), 0, 1);
  return {
    onFound: (told) =>
      worker.on('message', (message: FromWatchdog) => {
        if (message.kind !== 'listens') told(message);
      }),
    listens,
    stopping: (code) => {
      if (guard === undefined || beating !== undefined) return;
      beating = setInterval(beat, BEAT).unref();
      beat();
      worker.postMessage({ kind: 'stopping', code } satisfies ToWatchdog);
    },
    stop: () => {
      clearInterval(beating);
      void worker.terminate();
    },
  };
}

/** Holds the process until then: its start waits for that, perhaps for nothing else. */
function whenListening(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      worker.unref();
      resolve();
    };
    worker.once('message', done);
    worker.once('exit', done);
  });
}

function startWorker(file: URL, workerData: WatchdogSetup): Worker {
  const options = { workerData, resourceLimits: { maxOldGenerationSizeMb: 16 } };
  try {
    return new Worker(file, { ...options, execArgv: [...SIGNAL_EXEC_ARGV] });
  } catch {
    // A Node that does not know them: without its signals, then.
    return new Worker(file, options);
  }
}
