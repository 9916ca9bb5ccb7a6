import type { Handle } from '../handle.ts';
import { PTYPE } from '../protocol.ts';
import type { WorkListener } from './cpu-accounts.ts';
import { PairTable } from './pair-table.ts';

/** One in so many pieces of work is looked at, on average. */
const STRIDE = 64;
/** Places of each table. */
const SLOTS = 2048;
/** Factor and addend of a generator of 32-bit numbers. */
const FACTOR = 1664525;
const ADDEND = 1013904223;

/** Who talked to whom in a thread since the last look, and what took its time. */
export interface TalkSample {
  /** Receiver, sender, messages. */
  readonly edges: [Handle, Handle, number][];
  /** Service, milliseconds. */
  readonly times: [Handle, number][];
}

/**
 * Looks at one in {@link STRIDE} pieces of work of a thread: who sent it, and how long it took. Which one is drawn: work
 * that comes in a rhythm would hide from every sixty-fourth look. Stands before the thread's own listener, so that nodes
 * without it pay nothing.
 */
export class TalkSamples implements WorkListener {
  readonly #listener: WorkListener;
  readonly #edges = new PairTable(SLOTS);
  readonly #times = new PairTable(SLOTS);
  #left = STRIDE;
  #random: number;
  /** The service whose work is being timed. */
  #timed: Handle = 0;
  #since = 0;

  constructor(listener: WorkListener, seed: number) {
    this.#listener = listener;
    this.#random = seed;
  }

  working(handle: Handle, source: Handle, type: number): void {
    if (--this.#left <= 0) this.#look(handle, source, type);
    this.#listener.working(handle, source, type);
  }

  idle(): void {
    if (this.#timed !== 0) this.#endTime();
    this.#listener.idle();
  }

  /** What there was since the last call. */
  take(): TalkSample {
    const edges = this.#edges.take();
    const times = this.#times.take().map(([handle, , time]): [Handle, number] => [handle, time * STRIDE]);
    return { edges: edges.map(([to, from, count]) => [to, from, count * STRIDE]), times };
  }

  #look(handle: Handle, source: Handle, type: number): void {
    // The piece after the one that was timed ends that.
    if (this.#timed !== 0) {
      this.#endTime();
      return;
    }
    if (source !== 0 && source !== handle && type !== PTYPE.DEBUG && type !== PTYPE.SYSTEM)
      this.#edges.add(handle, source, 1);
    this.#timed = handle;
    this.#since = performance.now();
    this.#left = 1;
  }

  #endTime(): void {
    this.#times.add(this.#timed, 0, performance.now() - this.#since);
    this.#timed = 0;
    this.#random = (Math.imul(this.#random, FACTOR) + ADDEND) | 0;
    // From half of the stride to one and a half.
    this.#left = STRIDE / 2 + ((this.#random >>> 8) % STRIDE);
  }
}
