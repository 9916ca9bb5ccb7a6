import type { SkynetError } from '@skynet/core';
import type { Connection, Receiver } from '@skynet/core/transport';
import type { Note, Tell } from './note.ts';

/** Unread bytes at the holder above which home stops reading, and below which it goes on. */
const STOP_READING = 256 * 1024;
const GO_ON_READING = 64 * 1024;
/** Longest wait between two looks at whether bytes have left, in milliseconds. */
const LONGEST_LOOK = 100;

/** The home end of a connection that a service of another thread holds. */
export class Hosted implements Receiver {
  readonly id: number;
  readonly connection: Connection;
  /** Thread of the holder. */
  readonly holder: number;
  readonly #tell: Tell;
  readonly #gone: () => void;
  #unread = 0;
  #paused = false;
  #taken = 0;
  #look: NodeJS.Timeout | undefined = undefined;
  /** Chunks that came although reading was stopped to give the connection away. */
  readonly #late: Uint8Array[] = [];
  #leaving = false;
  /** The connection is somebody else's. */
  #left = false;

  constructor(id: number, connection: Connection, holder: number, tell: Tell, gone: () => void) {
    this.id = id;
    this.connection = connection;
    this.holder = holder;
    this.#tell = tell;
    this.#gone = gone;
  }

  /** Starts to pass on what comes. */
  start(): void {
    this.connection.start(this);
    this.connection.resume();
  }

  /** Stops passing on, so that the connection can be given away without losing a byte. */
  pause(): void {
    this.#leaving = true;
    this.connection.pause();
  }

  /** Gives the connection up, after {@link pause}. Returns what came since {@link pause}. */
  leave(): Uint8Array[] {
    this.#left = true;
    clearTimeout(this.#look);
    return this.#late;
  }

  data(chunk: Uint8Array): void {
    if (this.#leaving) {
      this.#late.push(Buffer.from(chunk));
      return;
    }
    this.#unread += chunk.length;
    // The chunk's memory is used for the next read.
    this.#tell(['data', this.id, Buffer.from(chunk)]);
    if (this.#unread > STOP_READING && !this.#paused) {
      this.#paused = true;
      this.connection.pause();
    }
  }

  /** The holder has passed on so many bytes. */
  passed(bytes: number): void {
    this.#unread -= bytes;
    if (!this.#paused || this.#unread > GO_ON_READING) return;
    this.#paused = false;
    this.connection.resume();
  }

  write(bytes: Uint8Array): void {
    this.#taken += bytes.length;
    this.connection.write(bytes);
    this.#lookSoon(0);
  }

  /** Tells the holder what has left; the connection itself tells only of large backlogs. */
  #lookSoon(wait: number): void {
    if (this.#look !== undefined || this.#left) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      const pending = this.connection.pendingBytes;
      this.#tell(['sent', this.id, this.#taken - pending]);
      if (pending > 0) this.#lookSoon(Math.min(LONGEST_LOOK, wait * 2 + 1));
    }, wait);
  }

  end(): void {
    this.#tell(['ended', this.id]);
  }

  drained(): void {
    this.#tell(['sent', this.id, this.#taken]);
    this.#tell(['drained', this.id]);
  }

  error(error: SkynetError): void {
    this.#tell(['error', this.id, error.code, error.message]);
  }

  closed(): void {
    clearTimeout(this.#look);
    // Whoever gets it hears of that by himself, behind what was received before.
    if (this.#leaving) return;
    this.#tell(['closed', this.id]);
    this.#gone();
  }
}

/** Carries out what a holder wants done with the connection. */
export function obey(hosted: Hosted, note: Note): void {
  const { connection } = hosted;
  switch (note[0]) {
    case 'write':
      hosted.write(note[2]);
      break;
    case 'passed':
      hosted.passed(note[2]);
      break;
    case 'end':
      connection.end();
      break;
    case 'close':
      connection.close(note[2]);
      break;
    case 'destroy':
      connection.destroy();
      break;
    case 'noDelay':
      connection.setNoDelay(note[2]);
      break;
    case 'keepAlive':
      connection.setKeepAlive(note[2]);
      break;
  }
}
