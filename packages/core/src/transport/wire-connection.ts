import type { Flusher } from './flusher.ts';
import { GatheredConnection } from './gathered-connection.ts';
import type { OutBuffer } from './out-buffer.ts';
import { wireError } from './system-error.ts';
import type { Wire, WireOwner } from './wire.ts';

/** A connection whose bytes are those of its wire. */
export class WireConnection extends GatheredConnection implements WireOwner {
  readonly remoteAddress: string;
  protected readonly flusher: Flusher;
  readonly #wire: Wire;

  constructor(wire: Wire, flusher: Flusher, remoteAddress: string) {
    super();
    this.flusher = flusher;
    this.#wire = wire;
    this.remoteAddress = remoteAddress;
    wire.open(this);
  }

  get localAddress(): string {
    return this.#wire.localAddress;
  }

  bytesCame(chunk: Uint8Array): void {
    this.received(chunk);
  }

  wireEnded(): void {
    this.peerEnded();
  }

  wireBroke(error: number | NodeJS.ErrnoException): void {
    this.fail(wireError(error, this.remoteAddress));
  }

  wireClosed(): void {
    this.over();
  }

  protected override read(on: boolean): void {
    this.#wire.read(on);
  }

  protected override send(buffer: OutBuffer): boolean {
    return this.#wire.write(buffer.pieces(), () => this.sent());
  }

  protected override shut(): void {
    this.#wire.shut(() => this.shutDone());
  }

  protected override release(): void {
    this.#wire.close();
  }

  override setNoDelay(on: boolean): void {
    if (!this.closed) this.#wire.setNoDelay(on);
  }

  override setKeepAlive(milliseconds: number): void {
    if (!this.closed) this.#wire.setKeepAlive(milliseconds);
  }
}
