import { appendFileSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { formatHandle } from '../handle.ts';
import { FIELD, LINE } from './activity.ts';
import type { EndlessReport, WatchdogSetup } from './watchdog.ts';

// What the watchdog's thread runs. It only reads shared memory and sleeps.

const { memory, interval, output } = workerData as WatchdogSetup;
const words = new Int32Array(memory);
const threads = words.length / LINE;
const lastCounts = new Array<number | undefined>(threads).fill(undefined);

function look(): void {
  for (let thread = 0; thread < threads; thread++) {
    const field = (which: number): number => words[thread * LINE + which] as number;
    const count = field(FIELD.COUNT);
    const handle = field(FIELD.HANDLE) >>> 0;
    if (handle !== 0 && count === lastCounts[thread])
      report(thread, handle, field(FIELD.SOURCE) >>> 0, count);
    lastCounts[thread] = handle === 0 ? undefined : count;
  }
}

function report(thread: number, handle: number, source: number, version: number): void {
  const text = `A message from [ ${formatHandle(source)} ] to [ ${formatHandle(handle)} ] maybe in an endless loop (version = ${version})`;
  // The log goes through the main thread; when that is stuck, the line must not wait for it.
  const written = thread === 0 && output !== undefined && writeNow(`[:00000000] ${text}\n`);
  const found: EndlessReport = { handle, text, written };
  parentPort?.postMessage(found);
}

function writeNow(line: string): boolean {
  try {
    if (typeof output === 'number') writeSync(output, line);
    else appendFileSync(output as string, line);
    return true;
  } catch {
    return false;
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  Atomics.wait(never, 0, 0, interval);
  look();
}
