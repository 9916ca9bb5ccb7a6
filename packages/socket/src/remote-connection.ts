import { SkynetError } from '@skynet/core';
import { type Connection, checkBytes, checkFrame, type Receiver } from '@skynet/core/transport';
import type { Note, Tell } from './note.ts';

/** Stands in for a connection whose home is another thread. */
export class RemoteConnection implements Connection {
  readonly id: number;
  readonly home: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** Whether it is over, or about to be because it was destroyed here. */
  closed = false;
  readonly #tell: Tell;
  #receiver: Receiver | undefined = undefined;
  #paused = true;
  #taken = 0;
  #sent = 0;
  /** No more is written. */
  #ending = false;
  /** What home has said came to an end, and what of it this receiver knows. */
  #peerEnded = false;
  #over = false;
  #endTold = false;
  #closedTold = false;
  /** What came while nobody wanted to hear it: bytes, the end, an error. */
  readonly #held: (Uint8Array | 'end' | SkynetError)[] = [];

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
    if (receiver !== this.#receiver) {
      this.#endTold = false;
      this.#closedTold = false;
    }
    this.#receiver = receiver;
    this.#paused = false;
    // Not from inside the caller's stack: a receiver hears of things from the event loop.
    setImmediate(() => {
      if (this.#peerEnded && !this.#over) this.#tellEnd();
      this.#pass();
    });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (this.#receiver === undefined) return;
    this.#paused = false;
    if (this.#held.length > 0) setImmediate(() => this.#pass());
  }

  #pass(): void {
    while (!this.#paused && this.#receiver !== undefined && this.#held.length > 0) {
      const event = this.#held.shift();
      if (event === 'end') this.#tellEnd();
      else if (event instanceof Uint8Array) {
        this.#tell(['passed', this.id, event.length]);
        this.#receiver.data(event);
      } else if (event !== undefined) this.#receiver.error(event);
    }
    // The end is told even to one that has paused, but behind the bytes before it.
    if (this.#over && this.#held.length === 0) this.#tellClosed();
  }

  #tellEnd(): void {
    this.#peerEnded = true;
    if (this.#endTold || this.#receiver === undefined) return;
    this.#endTold = true;
    this.#receiver.end();
  }

  #tellClosed(): void {
    if (this.#closedTold || this.#receiver === undefined) return;
    this.#closedTold = true;
    this.#receiver.closed();
  }

  #hear(event: Uint8Array | 'end' | SkynetError): void {
    if (this.closed) return;
    this.#held.push(event);
    this.#pass();
  }

  /** Bytes that were not passed on, when the connection goes to another thread. */
  takeHeld(): Uint8Array[] {
    return this.#held.splice(0).filter((event) => event instanceof Uint8Array);
  }

  /** A note from home. */
  take(note: Note): void {
    switch (note[0]) {
      case 'data':
        this.#hear(note[2]);
        break;
      case 'ended':
        this.#hear('end');
        break;
      case 'sent':
        this.#sent = note[2];
        break;
      case 'drained':
        this.#receiver?.drained();
        break;
      case 'error':
        this.#hear(new SkynetError<string>(note[2], note[3]));
        break;
      case 'closed':
        this.over();
        break;
    }
  }

  /** The connection is over, or its home is gone. */
  over(): void {
    if (this.#over) return;
    this.#over = true;
    this.closed = true;
    this.#pass();
  }

  write(bytes: Uint8Array): void {
    checkBytes(bytes);
    if (this.closed || this.#ending || bytes.length === 0) return;
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
    if (this.closed || this.#ending) return;
    this.#ending = true;
    this.#tell(['end', this.id]);
  }

  close(timeout?: number): void {
    if (this.closed) return;
    this.#ending = true;
    this.#tell(['close', this.id, timeout]);
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    this.#held.length = 0;
    this.#tell(['destroy', this.id]);
  }

  setNoDelay(on: boolean): void {
    this.#tell(['noDelay', this.id, on]);
  }

  setKeepAlive(milliseconds: number): void {
    this.#tell(['keepAlive', this.id, milliseconds]);
  }
}
