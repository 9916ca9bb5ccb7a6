import type { SkynetError } from '../errors.ts';
import type { Receiver } from '../transport/contract.ts';

/** How long {@link RecordingReceiver.until} waits before it says what it waited for, in milliseconds. */
const PATIENCE = 10_000;

/** A receiver that notes what it hears, and lets a test wait for it. */
export class RecordingReceiver implements Receiver {
  /** Everything but data: `end`, `drained`, `error CODE`, `closed`, in order. */
  readonly events: string[] = [];
  /** Number of chunks, and of bytes. */
  chunks = 0;
  received = 0;
  /** What the connection has told, in order. */
  readonly errors: SkynetError[] = [];
  /** Called with every chunk while it is valid. */
  onData: ((chunk: Uint8Array) => void) | undefined = undefined;
  #bytes: Uint8Array[] = [];
  #waiting: { holds: () => boolean; resolve: () => void }[] = [];

  /** Everything received, joined. */
  get bytes(): Buffer {
    const joined = Buffer.concat(this.#bytes);
    this.#bytes = [joined];
    return joined;
  }

  /** Waits until it holds; looks after each event. */
  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ holds, resolve });
      timer = setTimeout(() => {
        reject(
          new Error(
            `waited for ${what}; got ${this.received} bytes and ${this.events.join(', ') || 'no event'}`,
          ),
        );
      }, PATIENCE);
    });
    clearTimeout(timer);
  }

  /** Waits for an event: `closed`. */
  async event(name: string): Promise<void> {
    await this.until(`'${name}'`, () => this.events.includes(name));
  }

  /** Waits for so many bytes. */
  async size(size: number): Promise<Buffer> {
    await this.until(`${size} bytes`, () => this.received >= size);
    return this.bytes;
  }

  data(chunk: Uint8Array): void {
    this.chunks += 1;
    this.received += chunk.length;
    this.#bytes.push(chunk.slice());
    this.onData?.(chunk);
    this.#look();
  }

  end(): void {
    this.#note('end');
  }

  drained(): void {
    this.#note('drained');
  }

  error(error: SkynetError): void {
    this.errors.push(error);
    this.#note(`error ${error.code}`);
  }

  closed(): void {
    this.#note('closed');
  }

  #note(event: string): void {
    this.events.push(event);
    this.#look();
  }

  #look(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ holds }) => !holds());
    for (const { holds, resolve } of waiting) if (holds()) resolve();
  }
}
