import { Region } from '../codec/region.ts';
import { SkynetError } from '../errors.ts';

// A ring of bytes in shared memory from one thread to one other. Lines of 64 bytes, so that no two threads write to
// the same cache line:
//
//      0            64           128          192                                192 + size
//      | head       | tail       | sleep,     | records ...                      |
//      | (reader    | (writer    | full       |                                  |
//      |  writes)   |  writes)   | (both)     |                                  |
//
// head and tail count bytes for ever (modulo 2^32); modulo size they are places. From head to tail is full, the rest
// free. A record never wraps: where it does not fit before the end of the memory, padding takes up that end.
//
//      place:  0                                                        size
//              | record D | (free)    | record A | record B | padding   |
//                         ^tail       ^head
//
//      record: [int32 length] [bytes ...] [up to 3 unused bytes]        padding: [int32 -1] [unused bytes ...]
//
// Only the store of tail publishes: what stands behind it was written before. Before a thread sleeps it says so (sleep,
// full) and looks once more; the other side moves its counter and then looks at the flag. Of tail and sleep both stores and
// both looks are sequentially consistent, so one of the two sees the other. A writer that will look once more before it can
// sleep itself moves tail by a plain store and leaves that for then (publish, confirm): only a reader that says that it
// sleeps within the nanoseconds that the store takes to get through has to wait for it. Head is moved for each batch and costs less than
// that: a writer that begins to wait may miss it, and its reader may miss that. So the reader looks at full again and again,
// and a last time once it has said that it sleeps; that is a barrier for both.
//
// Whether to read at all is asked of a plain load of tail, since it is asked all the time: what it misses the next one
// sees, and the last before sleep is an atomic one.

const HEAD = 0;
const TAIL = 16;
const SLEEP = 32;
const FULL = 33;
/** Bytes before the records. */
const HEADER = 192;
const PADDING = -1;

const isX86 = process.arch === 'x64' || process.arch === 'ia32';

/**
 * A load that sees what was written before the value it finds, or, right after an atomic store of this thread, in the same order
 * for all. On x86 every load is like that, an atomic store being a full barrier there, and a plain one costs a seventh.
 */
const load: (words: Int32Array, at: number) => number = isX86
  ? (words, at) => words[at] as number
  : Atomics.load;

/**
 * A store behind everything that this thread has read and written before, not in front of what it reads then. On x86 every store
 * is like that.
 */
const storeBehind: (words: Int32Array, at: number, value: number) => void = isX86
  ? (words, at, value) => {
      words[at] = value;
    }
  : Atomics.store;

/** Sizes a ring may have, in bytes; between them every power of two. */
const MIN_RING_SIZE = 256;
const MAX_RING_SIZE: number = 2 ** 30;

/** Memory for a ring of `size` bytes. @throws ERR_ARGUMENT unless `size` is a power of two from 256 to 2^30. */
export function createRing(size: number): SharedArrayBuffer {
  if (!isSize(size))
    throw new SkynetError(
      'ERR_ARGUMENT',
      `the size of a ring is a power of two from 256 to 2^30, not ${size}`,
    );
  return new SharedArrayBuffer(HEADER + size);
}

/** Largest record a ring can carry for certain: half of it, less its head. */
export function maxRecordOf(memory: SharedArrayBuffer): number {
  return (memory.byteLength - HEADER) / 2 - 4;
}

function isSize(size: number): boolean {
  return (
    Number.isInteger(size) && size >= MIN_RING_SIZE && size <= MAX_RING_SIZE && (size & (size - 1)) === 0
  );
}

function sizeOf(memory: SharedArrayBuffer): number {
  const size = memory.byteLength - HEADER;
  if (!isSize(size)) throw new SkynetError('ERR_ARGUMENT', 'this memory is no ring');
  return size;
}

/** The writing end; one in one thread. */
export class RingWriter {
  /** The records' memory: offsets count from its beginning. */
  readonly region: Region;
  /** Largest record, in bytes. */
  readonly maxRecord: number;
  /** End of the room the last {@link reserve} found: at least what was asked for, often more. */
  limit = 0;
  /** Whether nothing was published since {@link confirm}. */
  isConfirmed = true;
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #size: number;
  #tail: number;
  /** Where the reader was when last looked at; reading it costs a cache miss. */
  #head: number;
  /** Place of the reserved record's head, -1 if there is none. */
  #reserved = -1;
  /** Padding in front of it. */
  #padding = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#size = sizeOf(memory);
    this.#mask = this.#size - 1;
    this.#words = new Int32Array(memory);
    this.region = new Region(memory, HEADER, this.#size);
    this.maxRecord = maxRecordOf(memory);
    this.#tail = Atomics.load(this.#words, TAIL);
    this.#head = Atomics.load(this.#words, HEAD);
  }

  /**
   * Finds room for a record of up to `bytes`. Nothing is taken before {@link commit}; a further `reserve` begins anew.
   * @returns its offset in {@link region}; the record may fill everything up to {@link limit}. -1 if the ring is too
   *   full now.
   * @throws ERR_ARGUMENT beyond {@link maxRecord}: that might never fit.
   */
  reserve(bytes: number): number {
    if (!(bytes >= 0 && bytes <= this.maxRecord)) {
      throw new SkynetError(
        'ERR_ARGUMENT',
        `a record of ${bytes} bytes does not fit in a ring that carries ${this.maxRecord}`,
      );
    }
    this.#reserved = -1;
    if (!this.#find(bytes)) {
      this.#head = Atomics.load(this.#words, HEAD);
      if (!this.#find(bytes)) return -1;
    }
    return this.#reserved + 4;
  }

  #find(bytes: number): boolean {
    const need = 4 + ((bytes + 3) & ~3);
    const free = this.#size - ((this.#tail - this.#head) | 0);
    const place = this.#tail & this.#mask;
    const toEnd = this.#size - place;
    if (need <= toEnd) {
      if (need > free) return false;
      this.#padding = 0;
      this.#reserved = place;
      this.limit = place + Math.min(free, toEnd);
      return true;
    }
    if (toEnd + need > free) return false;
    this.#padding = toEnd;
    this.#reserved = 0;
    this.limit = free - toEnd;
    return true;
  }

  /**
   * Publishes the reserved record, `bytes` long.
   * @returns true if the reader sleeps and this caller has to wake it; it is told once.
   * @throws ERR_ARGUMENT without a reservation, or beyond {@link limit}.
   */
  commit(bytes: number): boolean {
    this.#finish(bytes);
    return this.confirm();
  }

  /**
   * {@link commit} for who will {@link confirm} soon, before it may sleep: costs less, and a reader that goes to sleep at this
   * very moment may be seen only then.
   */
  publish(bytes: number): boolean {
    this.#finish(bytes);
    storeBehind(this.#words, TAIL, this.#tail);
    this.isConfirmed = false;
    return this.#readerSleeps();
  }

  /** Makes certain that the reader knows of all that was published. @returns true if this caller has to wake it. */
  confirm(): boolean {
    this.isConfirmed = true;
    // A barrier: the look at sleep comes behind what was published.
    Atomics.store(this.#words, TAIL, this.#tail);
    return this.#readerSleeps();
  }

  #readerSleeps(): boolean {
    const words = this.#words;
    return load(words, SLEEP) === 1 && Atomics.compareExchange(words, SLEEP, 1, 0) === 1;
  }

  /** Closes the reserved record; it is not published yet. */
  #finish(bytes: number): void {
    const place = this.#reserved;
    if (place < 0 || !(bytes >= 0 && place + 4 + bytes <= this.limit)) {
      throw new SkynetError('ERR_ARGUMENT', 'commit of more than was reserved');
    }
    const words = this.#words;
    if (this.#padding > 0) words[(HEADER + this.#size - this.#padding) >> 2] = PADDING;
    words[(HEADER + place) >> 2] = bytes;
    this.#reserved = -1;
    this.#tail = (this.#tail + this.#padding + 4 + ((bytes + 3) & ~3)) | 0;
  }

  /**
   * Asks to be told when there is room again, after {@link reserve} failed.
   * @returns true if the reader will say so, see {@link RingReader.writerWaits}; false if it has read in the meantime:
   *   try again.
   */
  waitForRoom(): boolean {
    Atomics.store(this.#words, FULL, 1);
    if (Atomics.load(this.#words, HEAD) === this.#head) return true;
    // The reader may have taken the flag between the two lines; then it says so although nobody waits, which is harmless.
    Atomics.store(this.#words, FULL, 0);
    return false;
  }

  /** How far has been written, in bytes from the beginning, modulo 2^32. */
  get position(): number {
    return this.#tail;
  }

  /** Whether the reader has passed what was written from a position on. */
  hasPassed(position: number): boolean {
    return ((Atomics.load(this.#words, HEAD) - position) | 0) > 0;
  }

  /** Bytes written that the reader has not passed yet. */
  get pending(): number {
    return (this.#tail - Atomics.load(this.#words, HEAD)) | 0;
  }
}

/** The reading end; one in one thread. */
export class RingReader {
  /** The records' memory: offsets count from its beginning. */
  readonly region: Region;
  readonly #words: Int32Array;
  readonly #mask: number;
  readonly #size: number;
  #head: number;
  /** Head once the record at hand is read. */
  #next = 0;
  /** Head as the writer sees it. */
  #published: number;

  constructor(memory: SharedArrayBuffer) {
    this.#size = sizeOf(memory);
    this.#mask = this.#size - 1;
    this.#words = new Int32Array(memory);
    this.region = new Region(memory, HEADER, this.#size);
    this.#head = Atomics.load(this.#words, HEAD);
    this.#published = this.#head;
  }

  /** Whether there is something to read. What was written just now may be seen only by a later look. */
  get hasRecords(): boolean {
    return this.#words[TAIL] !== this.#head;
  }

  /**
   * Calls `take(start, end)` with the place in {@link region} of each record that was there when the call began, at
   * most `limit`. The bytes are the writer's again when `take` returns. If it throws, its record counts as read.
   * It must not call `read` itself.
   * @returns how many records were read.
   */
  read(take: (start: number, end: number) => void, limit: number = Number.POSITIVE_INFINITY): number {
    const words = this.#words;
    const tail = load(words, TAIL);
    // The writer hears of room a few times a batch, not for each record: its look at head costs both a cache miss.
    const step = this.#size >>> 2;
    let count = 0;
    try {
      while (this.#head !== tail && count < limit) {
        const place = this.#head & this.#mask;
        const length = words[(HEADER + place) >> 2] as number;
        if (length === PADDING) {
          this.#head = (this.#head + this.#size - place) | 0;
          continue;
        }
        count++;
        const start = place + 4;
        this.#next = (this.#head + 4 + ((length + 3) & ~3)) | 0;
        try {
          take(start, start + length);
        } finally {
          this.#head = this.#next;
        }
        if (((this.#head - this.#published) | 0) >= step) this.#publish(this.#head);
      }
    } finally {
      if (this.#published !== this.#head) this.#publish(this.#head);
    }
    return count;
  }

  /** To be called in `take`: the writer sees at once that the record is read. Its bytes are the writer's from here on. */
  pass(): void {
    this.#publish(this.#next);
  }

  #publish(head: number): void {
    this.#published = head;
    storeBehind(this.#words, HEAD, head);
  }

  /**
   * Says that the reader goes to sleep.
   * @returns true if it may: the writer's next commit will ask for it to be woken. False if there is something to read.
   */
  sleep(): boolean {
    Atomics.store(this.#words, SLEEP, 1);
    if (Atomics.load(this.#words, TAIL) === this.#head) return true;
    Atomics.store(this.#words, SLEEP, 0);
    return false;
  }

  /** Says that the reader is awake, woken or not. */
  wake(): void {
    Atomics.store(this.#words, SLEEP, 0);
  }

  /**
   * True, once, if the writer waits for room and has to be woken. To be asked at each look, since one that has just begun to
   * wait may be seen only by a later one, and a last time when {@link sleep} has returned true.
   */
  writerWaits(): boolean {
    return load(this.#words, FULL) === 1 && Atomics.compareExchange(this.#words, FULL, 1, 0) === 1;
  }
}
