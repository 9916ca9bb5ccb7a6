import { SkynetError } from '../errors.ts';
import { MAX_LOCAL_HANDLE } from '../handle.ts';

// Which thread a service lives in, for all threads of a node, in shared memory:
//
//      0          64                                       64 + 2^24
//      | cursor   | one byte for each handle number ...    |
//
//      byte: 0 nobody, else number of the thread + 1, and 128 more once the service has ended but its callers are not told
//
// Zero pages take no real memory, so a node pays for the numbers it has used: a page of 4 KB for 4096 of them.

/** Bytes before the slots. */
const HEADER = 64;
const SLOTS: number = MAX_LOCAL_HANDLE + 1;

/** Threads a table can tell apart: 0 to 126. */
const MAX_THREADS = 127;
/** Set for a service that has ended. */
const ENDED = 128;

/** Gives out the handle numbers of a node and says which thread a number belongs to. */
export class RouteTable {
  /** What other threads build their table from. */
  readonly memory: SharedArrayBuffer;
  readonly #cursor: Int32Array;
  readonly #slots: Uint8Array;

  /** A new table, or a view of one that exists. @throws ERR_ARGUMENT if the memory is no table. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER + SLOTS)) {
    if (memory.byteLength !== HEADER + SLOTS)
      throw new SkynetError('ERR_ARGUMENT', 'this memory is no route table');
    this.memory = memory;
    this.#cursor = new Int32Array(memory, 0, 1);
    this.#slots = new Uint8Array(memory, HEADER, SLOTS);
  }

  /**
   * Takes the next number for `thread`: 1, 2, 3 … 0xffffff, 1 …, those in use left out. So a number that was given back
   * does not come again before the others have had their turn.
   * @param isLocallyFree may keep back a number that nobody holds in the table, because the thread still uses it.
   * @throws ERR_HANDLES_EXHAUSTED if there is none. ERR_ARGUMENT if `thread` is not 0 to 126.
   */
  allocate(isLocallyFree: (local: number) => boolean, thread: number): number {
    if (!(Number.isInteger(thread) && thread >= 0 && thread < MAX_THREADS)) {
      throw new SkynetError(
        'ERR_ARGUMENT',
        `a thread has a number from 0 to ${MAX_THREADS - 1}, not ${thread}`,
      );
    }
    for (let tries = 0; tries < SLOTS; tries++) {
      const local = (Atomics.add(this.#cursor, 0, 1) + 1) & MAX_LOCAL_HANDLE;
      if (local === 0 || Atomics.load(this.#slots, local) !== 0 || !isLocallyFree(local)) continue;
      // The cursor may have gone round for another thread in between.
      if (Atomics.compareExchange(this.#slots, local, 0, thread + 1) === 0) return local;
    }
    throw new SkynetError('ERR_HANDLES_EXHAUSTED', 'all handle numbers are taken');
  }

  /** Nobody has the number any more; it is still that of the thread, which tells the callers, until it is given back. */
  end(local: number): void {
    Atomics.or(this.#slots, local & MAX_LOCAL_HANDLE, ENDED);
  }

  /** Gives a number back. */
  release(local: number): void {
    Atomics.store(this.#slots, local & MAX_LOCAL_HANDLE, 0);
  }

  /** A number goes over to another thread. Whether it was that of the first and its service lives. */
  move(local: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#slots, local & MAX_LOCAL_HANDLE, from + 1, to + 1) === from + 1;
  }

  /** The thread of a number (bits above 24 are ignored), or -1 if nobody has it. */
  threadOf(local: number): number {
    // Whoever has heard of the number sees its thread by a plain load: it was written before. One that has moved since is
    // followed by its message. That nobody has it has to be certain.
    const seen = this.#slots[local & MAX_LOCAL_HANDLE] as number;
    const mark = seen === 0 ? Atomics.load(this.#slots, local & MAX_LOCAL_HANDLE) : seen;
    return mark > ENDED ? -1 : mark - 1;
  }

  /** Gives back all numbers of a thread that is lost, and returns them, lowest first. */
  releaseThread(thread: number): number[] {
    const lost: number[] = [];
    for (const mark of [thread + 1, (thread + 1) | ENDED]) {
      for (let at = this.#slots.indexOf(mark); at >= 0; at = this.#slots.indexOf(mark, at + 1)) {
        if (Atomics.compareExchange(this.#slots, at, mark, 0) === mark) lost.push(at);
      }
    }
    return lost.sort((a, b) => a - b);
  }
}
