import type { Handle } from '../handle.ts';

// What each thread is doing, in shared memory for the watchdog. A line of 64 bytes for each thread, so that no two
// write to the same cache line:
//
//      0          4          8          12
//      | count    | handle   | source   | type     |     handle 0: nothing to do

export const LINE = 16;
export const FIELD = { COUNT: 0, HANDLE: 1, SOURCE: 2, TYPE: 3 } as const;

/** Memory for the activity of so many threads. */
export function createActivity(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * LINE * 4);
}

/** What one thread notes about itself. Plain stores: the watchdog looks every few seconds and needs no order. */
export class Activity {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#words = new Int32Array(memory, thread * LINE * 4, LINE);
  }

  working(handle: Handle, source: Handle, type: number): void {
    const words = this.#words;
    words[FIELD.COUNT] = (words[FIELD.COUNT] as number) + 1;
    words[FIELD.HANDLE] = handle;
    words[FIELD.SOURCE] = source;
    words[FIELD.TYPE] = type;
  }

  idle(): void {
    this.#words[FIELD.HANDLE] = 0;
  }
}
