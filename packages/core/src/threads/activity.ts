import type { Handle } from '../handle.ts';

// What each thread is doing, in shared memory for the watchdog. A line of 64 bytes for each thread, so that no two
// write to the same cache line:
//
//      0          4          8          12         16         20
//      | count    | handle   | source   | type     | held     | reports  |     handle 0: nothing to do
//
// The last two are written by the watchdog: the count that it has reported, and how many reports it has made.

const LINE = 16;
const FIELD = { COUNT: 0, HANDLE: 1, SOURCE: 2, TYPE: 3, HELD: 4, REPORTS: 5 } as const;

/** Memory for the activity of so many threads. */
export function createActivity(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * LINE * 4);
}

/** What a thread works on. */
export interface Work {
  /** The service; 0 if the thread has nothing to do. */
  readonly handle: Handle;
  /** Who sent what it works on. */
  readonly source: Handle;
  /** Changes with each item that is taken. */
  readonly count: number;
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

  // --- of any thread

  /** How many there are. */
  get threads(): number {
    return this.#all.length / LINE;
  }

  /** What a thread is at. */
  at(thread: number): Work {
    return {
      handle: this.#read(thread, FIELD.HANDLE) >>> 0,
      source: this.#read(thread, FIELD.SOURCE) >>> 0,
      count: this.#read(thread, FIELD.COUNT),
    };
  }

  /** Notes that a service was seen to hold a thread, at this count. Returns the number of the report. */
  markHeld(thread: number, count: number): number {
    const report = this.#read(thread, FIELD.REPORTS) + 1;
    this.#all[thread * LINE + FIELD.REPORTS] = report;
    this.#all[thread * LINE + FIELD.HELD] = count;
    return report;
  }

  /** Number of the last report about a thread, if that was about this service, which still works on the same; else 0. */
  reportOf(thread: number, handle: Handle): number {
    return this.isHeld(thread) && this.at(thread).handle === handle ? this.#read(thread, FIELD.REPORTS) : 0;
  }

  /** Whether a thread was seen to be held by a service, and still works on the same. */
  isHeld(thread: number): boolean {
    const { handle, count } = this.at(thread);
    return handle !== 0 && count === this.#read(thread, FIELD.HELD);
  }

  #read(thread: number, field: number): number {
    return Atomics.load(this.#all, thread * LINE + field);
  }
}
