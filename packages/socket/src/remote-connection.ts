import { SkynetError } from '@skynet/core';
import { type Connection, checkBytes, checkFrame, type Receiver } from '@skynet/core/transport';
import type { Note, Tell } from './note.ts';

/** Stands in for a connection whose home is another thread. */
export class RemoteConnection implements Connection {
  readonly id: number;
  readonly home: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  closed = false;
  readonly #tell: Tell;
  #receiver: Receiver | undefined = undefined;
  #paused = true;
  #taken = 0;
  #sent = 0;
  /** What came while nobody wanted to hear it: bytes, and other things to tell. */
  readonly #held: (Uint8Array | ((receiver: Receiver) => void))[] = [];

  constructor(id: number, home: number, remoteAddress: string, localAddress: string, tell: Tell) {
    this.id = id;
    this.home = home;
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
    this.#tell = tell;
  }

  get pendingBytes(): number {
    return this.closed ? 0 : this.#taken - this.#sent;
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    this.resume();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (this.#receiver === undefined) return;
    this.#paused = false;
    // Not from inside the caller's stack: a receiver hears of things from the event loop.
    if (this.#held.length > 0) setImmediate(() => this.#pass());
  }

  #pass(): void {
    while (!this.#paused && this.#receiver !== undefined) {
      const event = this.#held.shift();
      if (event === undefined) return;
      if (typeof event === 'function') event(this.#receiver);
      else {
        this.#tell(['passed', this.id, event.length]);
        this.#receiver.data(event);
      }
    }
  }

  #hear(event: Uint8Array | ((receiver: Receiver) => void)): void {
    this.#held.push(event);
    this.#pass();
  }

  /** Bytes that were not passed on, when the connection goes to another thread. */
  takeHeld(): Uint8Array[] {
    return this.#held.splice(0).filter((event) => typeof event !== 'function');
  }

  /** A note from home. */
  take(note: Note): void {
    switch (note[0]) {
      case 'data':
        this.#hear(note[2]);
        break;
      case 'ended':
        this.#hear((receiver) => receiver.end());
        break;
      case 'sent':
        this.#sent = note[2];
        break;
      case 'drained':
        this.#receiver?.drained();
        break;
      case 'error': {
        const [, , code, text] = note;
        this.#hear((receiver) => receiver.error(new SkynetError(code, text)));
        break;
      }
      case 'closed':
        this.over();
        break;
    }
  }

  /** The connection is over, or its home is gone. */
  over(): void {
    if (this.closed) return;
    this.closed = true;
    // The end is told even to one that has paused; bytes before it are still passed on first when it resumes.
    if (this.#paused && this.#held.length === 0) this.#receiver?.closed();
    else this.#hear((receiver) => receiver.closed());
  }

  write(bytes: Uint8Array): void {
    checkBytes(bytes);
    if (this.closed || bytes.length === 0) return;
    this.#taken += bytes.length;
    this.#tell(['write', this.id, bytes]);
  }

  writeFrame(payload: Uint8Array, header: 2 | 4): void {
    checkFrame(payload, header);
    const frame = Buffer.allocUnsafe(header + payload.length);
    frame.writeUIntBE(payload.length, 0, header);
    frame.set(payload, header);
    this.write(frame);
  }

  end(): void {
    if (!this.closed) this.#tell(['end', this.id]);
  }

  close(timeout?: number): void {
    if (!this.closed) this.#tell(['close', this.id, timeout]);
  }

  destroy(): void {
    if (!this.closed) this.#tell(['destroy', this.id]);
  }

  setNoDelay(on: boolean): void {
    this.#tell(['noDelay', this.id, on]);
  }

  setKeepAlive(milliseconds: number): void {
    this.#tell(['keepAlive', this.id, milliseconds]);
  }
}
