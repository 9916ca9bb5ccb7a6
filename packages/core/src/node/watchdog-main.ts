import { appendFile, write } from 'node:fs';
import { constants } from 'node:os';
import { BroadcastChannel, parentPort, workerData } from 'node:worker_threads';
import { formatHandle } from '../handle.ts';
import { timestamp } from '../log/timestamp.ts';
import { Activity } from '../threads/activity.ts';
import type { StopOrder } from '../threads/wire.ts';
import { endProcess } from './process-end.ts';
import { listenForSignals } from './process-signals.ts';
import { StopGuard } from './stop-guard.ts';
import type { FromWatchdog, GuardSetup, ToWatchdog, WatchdogSetup } from './watchdog.ts';

// What the watchdog's thread runs. It reads shared memory, and hears the signals that thread 0 may not hear.

/** Milliseconds between two looks of the guard, once the process is to end. */
const GUARD_LOOK = 50;

const { memory, endlessAfter, endEndlessAfter, output, guard: guardSetup } = workerData as WatchdogSetup;
const activity = new Activity(memory, 0);
const post = (message: FromWatchdog): void => parentPort?.postMessage(message);

/** Calls `found` for each thread that works on the same message at two looks, so many milliseconds apart. */
function watch(interval: number, found: (thread: number) => void): void {
  const lastCounts = new Array<number | undefined>(activity.threads).fill(undefined);
  setInterval(() => {
    for (let thread = 0; thread < activity.threads; thread++) {
      const { handle, count } = activity.at(thread);
      if (handle !== 0 && count === lastCounts[thread]) found(thread);
      lastCounts[thread] = handle === 0 ? undefined : count;
    }
  }, interval);
}

function report(thread: number): void {
  const { handle, source, count } = activity.at(thread);
  const number = activity.markHeld(thread, count);
  const text = `A message from [ ${formatHandle(source)} ] to [ ${formatHandle(handle)} ] maybe in an endless loop (version = ${count})`;
  const tell = (written: boolean): void => post({ kind: 'endless', handle, number, text, written });
  // The log goes through the main thread; when that is stuck, the line must not wait for it.
  if (thread === 0) writeNow(text, tell);
  else tell(false);
}

let isWriting = false;

/** Writes a line to the log behind its back. Not a second one while the first is stuck, on a terminal that was stopped say. */
function writeNow(text: string, done: (written: boolean) => void): void {
  if (output === undefined || isWriting) {
    done(false);
    return;
  }
  isWriting = true;
  const finish = (error: Error | null): void => {
    isWriting = false;
    done(error === null);
  };
  const line = `[${formatHandle(0)}] ${text}\n`;
  if (typeof output === 'number') write(output, line, finish);
  else appendFile(output, `${timestamp(new Date())} ${line}`, finish);
}

function startGuard({ beats, channel, shutdownTimeout }: GuardSetup): StopGuard {
  const counter = new Int32Array(beats);
  const others = channel === undefined ? undefined : new BroadcastChannel(channel);
  const guard = new StopGuard(
    {
      beats: () => Atomics.load(counter, 0),
      isHeld: () => activity.isHeld(0),
      stopOthers: (deadline) => others?.postMessage({ kind: 'stop', deadline } satisfies StopOrder),
      log: (text) => writeNow(text, () => {}),
      end: (code) => void endProcess(code),
    },
    {
      others: Array.from({ length: activity.threads - 1 }, (_, i) => i + 1),
      shutdownTimeout,
      endlessAfter,
    },
  );
  if (others !== undefined)
    others.onmessage = (event) => {
      const order = (event as { data: StopOrder }).data;
      if (order.kind === 'stopped') guard.otherStopped(order.thread);
    };
  const { SIGINT, SIGTERM } = constants.signals;
  // As shells count.
  listenForSignals([SIGINT, SIGTERM], (signal) =>
    toStop(guard, () => guard.told(128 + signal, performance.now())),
  );
  return guard;
}

/** Has the guard look from now on. */
function toStop(guard: StopGuard, begin: () => void): void {
  const isWatching = guard.isWatching;
  begin();
  if (!isWatching) setInterval(() => guard.look(performance.now()), GUARD_LOOK);
}

const guard = guardSetup === undefined ? undefined : startGuard(guardSetup);
if (guard !== undefined) post({ kind: 'listens' });

watch(endlessAfter, report);
if (endEndlessAfter > 0)
  watch(endEndlessAfter, (thread) => {
    if (thread !== 0) post({ kind: 'end', thread, handle: activity.at(thread).handle });
    else if (guard !== undefined) toStop(guard, () => guard.told(1, performance.now()));
  });
parentPort?.on('message', ({ code }: ToWatchdog) => {
  if (guard !== undefined) toStop(guard, () => guard.stopping(code, performance.now()));
});
