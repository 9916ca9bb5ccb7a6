import { SkynetError } from '../errors.ts';
import { ReadBuffer } from './read-buffer.ts';

/** Unread bytes above which the source is paused until somebody waits. */
const PAUSE_MARK = 128 * 1024;
const LIMIT = 16 * 1024 * 1024;
const NEWLINE: Uint8Array = Uint8Array.of(0x0a);

/** A reader that waits. `kernel.suspend` of a service makes one whose task goes on in its turn. */
export interface ReadWait {
  /** What the reader waits for. */
  readonly promise: Promise<Uint8Array>;
  /** There are as many bytes as it wants. */
  resolve(bytes: Uint8Array): void;
  /** There never will be. */
  reject(error: unknown): void;
}

/** What a byte reader may be told. */
export interface ByteReaderOptions {
  /** Most bytes that a read may wait for. Default 16 MiB. */
  limit?: number;
  /** Makes what a read waits with. Default: a plain promise. */
  wait?: () => ReadWait;
  /** Where the bytes come from: paused while more than 128 KiB lie unread. A `Connection` fits. */
  source?: { pause(): void; resume(): void };
}

interface Reading {
  readonly wait: ReadWait;
  readonly from: () => Uint8Array | undefined;
}

/**
 * Bytes in as they come, counted pieces and lines out for whoever awaits them. Knows nothing of sockets: its owner hands
 * it what a connection delivers ({@link push}) and how that ended ({@link end}).
 */
export class ByteReader {
  readonly #buffer = new ReadBuffer();
  readonly #limit: number;
  readonly #wait: () => ReadWait;
  readonly #source: ByteReaderOptions['source'];
  #reading: Reading | undefined = undefined;
  #paused = false;
  #ended: SkynetError | undefined = undefined;

  constructor({ limit = LIMIT, wait = plainWait, source }: ByteReaderOptions = {}) {
    if (typeof limit !== 'number' || !(limit > 0))
      throw new SkynetError('ERR_ARGUMENT', 'the limit of a reader is a number above 0');
    this.#limit = limit;
    this.#wait = wait;
    this.#source = source;
  }

  /** Bytes that lie unread. */
  get size(): number {
    return this.#buffer.size;
  }

  /** Bytes have come; they are copied. */
  push(bytes: Uint8Array): void {
    if (this.#ended !== undefined) return;
    this.#buffer.push(bytes);
    this.#serve();
    if (this.#reading !== undefined && this.size > this.#limit) this.end(tooLong(this.#limit));
    else if (this.size > PAUSE_MARK && this.#reading === undefined && !this.#paused) {
      this.#paused = true;
      this.#source?.pause();
    }
  }

  /** No more bytes come. What lies unread can still be read. @param reason what later reads fail with. */
  end(reason: SkynetError = new SkynetError('ERR_CONNECTION_CLOSED', 'the stream has ended')): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.wait.reject(reason);
  }

  /**
   * Exactly `size` bytes, or without it whatever is there, at least one.
   * @throws ERR_CONNECTION_CLOSED or what the stream ended with, ERR_FRAME_TOO_LARGE above the limit, ERR_ARGUMENT.
   */
  async read(size?: number): Promise<Uint8Array> {
    if (size === undefined) return this.#read(() => this.#some());
    if (!Number.isInteger(size) || size < 0)
      throw new SkynetError('ERR_ARGUMENT', `cannot read ${String(size)} bytes`);
    if (size > this.#limit) throw tooLong(this.#limit);
    return this.#read(() => (this.size < size ? undefined : this.#buffer.take(size)));
  }

  /** Bytes up to a separator, without it. Default: a newline. @throws as {@link read}. */
  async readLine(separator: Uint8Array = NEWLINE): Promise<Uint8Array> {
    if (!(separator instanceof Uint8Array) || separator.length === 0)
      throw new SkynetError('ERR_ARGUMENT', 'a separator has at least one byte');
    return this.#read(() => this.#buffer.takeLine(separator));
  }

  #some(): Uint8Array | undefined {
    return this.size === 0 ? undefined : this.#buffer.take(this.size);
  }

  #read(from: () => Uint8Array | undefined): Uint8Array | Promise<Uint8Array> {
    if (this.#reading !== undefined) throw new SkynetError('ERR_ARGUMENT', 'another read waits');
    const ready = from();
    if (ready !== undefined) return ready;
    if (this.#ended !== undefined) throw this.#ended;
    if (this.size > this.#limit) throw tooLong(this.#limit);
    const wait = this.#wait();
    this.#reading = { wait, from };
    if (this.#paused) {
      this.#paused = false;
      this.#source?.resume();
    }
    return wait.promise;
  }

  #serve(): void {
    const reading = this.#reading;
    const bytes = reading?.from();
    if (reading === undefined || bytes === undefined) return;
    this.#reading = undefined;
    reading.wait.resolve(bytes);
  }
}

function tooLong(limit: number): SkynetError {
  return new SkynetError('ERR_FRAME_TOO_LARGE', `more than ${limit} bytes`, { details: { limit } });
}

function plainWait(): ReadWait {
  let resolve!: ReadWait['resolve'];
  let reject!: ReadWait['reject'];
  const promise = new Promise<Uint8Array>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
