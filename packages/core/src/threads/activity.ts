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
  readonly #all: Int32Array;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#all = new Int32Array(memory);
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

  /** What a thread is at: the service, 0 if it has nothing to do, and a number that changes with each item it takes. */
  at(thread: number): { handle: Handle; count: number } {
    const line = thread * LINE;
    return {
      handle: (this.#all[line + FIELD.HANDLE] as number) >>> 0,
      count: this.#all[line + FIELD.COUNT] as number,
    };
  }
}
