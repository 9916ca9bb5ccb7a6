import type { Registry } from '../contracts/registry.ts';
import { SkynetError } from '../errors.ts';

// A registry in shared memory: a log of what was added and removed, which every thread replays into a Map of its own.
// So reading is a look at one counter and a Map; a key added in one thread is seen by the others at once, without a
// message.
//
//      0          4          8            64
//      | lock     | end      | generation | records ...
//
//      lock: 0 free, else thread + 1      end: bytes of records
//      record: [int32 key bytes] [int32 value bytes, -1 removes] [key] [value] [up to 3 unused bytes]
//
// When the log is full and at least half of it is history, it is written anew and the generation grows: the threads
// then start over.

const LOCK = 0;
const END = 1;
const GENERATION = 2;
const HEADER = 64;
/** Room for about 10 000 names at first; it grows up to a thousand times that. */
const FIRST_SIZE = 1 << 20;
const MAX_SIZE = 1 << 30;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Memory for a registry. */
export function createSharedRegistry(): SharedArrayBuffer {
  return new SharedArrayBuffer(FIRST_SIZE, { maxByteLength: MAX_SIZE });
}

/** One thread's view of a registry. */
export class SharedRegistry implements Registry {
  readonly #memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #thread: number;
  readonly #values = new Map<string, string>();
  #position = 0;
  #generation = 0;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#memory = memory;
    this.#words = new Int32Array(memory, 0, HEADER / 4);
    this.#thread = thread;
  }

  get version(): number {
    // The end is below MAX_SIZE, and starts over only with another generation.
    return Atomics.load(this.#words, GENERATION) * MAX_SIZE + Atomics.load(this.#words, END);
  }

  get(key: string): string | undefined {
    this.#catchUp();
    return this.#values.get(key);
  }

  add(key: string, value: string): boolean {
    return this.#locked(() => {
      this.#replay();
      if (this.#values.has(key)) return false;
      this.#append(key, value);
      return true;
    });
  }

  remove(key: string): boolean {
    return this.#locked(() => {
      this.#replay();
      if (!this.#values.has(key)) return false;
      this.#append(key, undefined);
      return true;
    });
  }

  entries(): Iterable<[string, string]> {
    this.#catchUp();
    return this.#values;
  }

  /** Frees the lock if a thread that was lost held it. */
  releaseLockOf(thread: number): void {
    if (Atomics.compareExchange(this.#words, LOCK, thread + 1, 0) === thread + 1)
      Atomics.notify(this.#words, LOCK);
  }

  #catchUp(): void {
    const isBehind = (): boolean =>
      Atomics.load(this.#words, END) !== this.#position ||
      Atomics.load(this.#words, GENERATION) !== this.#generation;
    if (isBehind()) this.#locked(() => this.#replay());
  }

  #locked<T>(work: () => T): T {
    const mine = this.#thread + 1;
    for (;;) {
      const holder = Atomics.compareExchange(this.#words, LOCK, 0, mine);
      if (holder === 0) break;
      Atomics.wait(this.#words, LOCK, holder, 10);
    }
    try {
      return work();
    } finally {
      Atomics.store(this.#words, LOCK, 0);
      Atomics.notify(this.#words, LOCK, 1);
    }
  }

  #replay(): void {
    const generation = Atomics.load(this.#words, GENERATION);
    if (generation !== this.#generation) {
      this.#generation = generation;
      this.#position = 0;
      this.#values.clear();
    }
    const end = Atomics.load(this.#words, END);
    const view = new DataView(this.#memory, HEADER);
    while (this.#position < end) {
      const keySize = view.getInt32(this.#position, true);
      const valueSize = view.getInt32(this.#position + 4, true);
      const at = this.#position + 8;
      const key = this.#text(at, keySize);
      if (valueSize < 0) this.#values.delete(key);
      else this.#values.set(key, this.#text(at + keySize, valueSize));
      this.#position = at + roundUp(keySize + Math.max(0, valueSize));
    }
  }

  #text(at: number, size: number): string {
    // TextDecoder takes no shared memory.
    return decoder.decode(new Uint8Array(this.#memory, HEADER + at, size).slice());
  }

  /** Writes a record; the view must be up to date. */
  #append(key: string, value: string | undefined): void {
    const keyBytes = encoder.encode(key);
    const valueBytes = value === undefined ? undefined : encoder.encode(value);
    const size = 8 + roundUp(keyBytes.length + (valueBytes?.length ?? 0));
    let end = Atomics.load(this.#words, END);
    if (HEADER + end + size > this.#memory.byteLength) {
      this.#compact();
      end = Atomics.load(this.#words, END);
      if (HEADER + end + size > MAX_SIZE) throw new SkynetError('ERR_ARGUMENT', 'the registry is full');
      while (HEADER + end + size > this.#memory.byteLength)
        this.#memory.grow(Math.min(MAX_SIZE, this.#memory.byteLength * 2));
    }
    this.#write(end, keyBytes, valueBytes);
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, value);
    this.#position = end + size;
    Atomics.store(this.#words, END, this.#position);
  }

  #write(at: number, key: Uint8Array, value: Uint8Array | undefined): void {
    const view = new DataView(this.#memory, HEADER + at);
    view.setInt32(0, key.length, true);
    view.setInt32(4, value?.length ?? -1, true);
    const bytes = new Uint8Array(this.#memory, HEADER + at + 8);
    bytes.set(key);
    if (value !== undefined) bytes.set(value, key.length);
  }

  /** Writes only what still stands, if that frees half of the log. */
  #compact(): void {
    const live = [...this.#values].map(([key, value]): [Uint8Array, Uint8Array] => [
      encoder.encode(key),
      encoder.encode(value),
    ]);
    const size = live.reduce((sum, [key, value]) => sum + 8 + roundUp(key.length + value.length), 0);
    if (size > Atomics.load(this.#words, END) / 2) return;
    let at = 0;
    for (const [key, value] of live) {
      this.#write(at, key, value);
      at += 8 + roundUp(key.length + value.length);
    }
    this.#generation = Atomics.add(this.#words, GENERATION, 1) + 1;
    this.#position = at;
    Atomics.store(this.#words, END, at);
  }
}

function roundUp(size: number): number {
  return (size + 3) & ~3;
}
