import { ClientError } from './errors.ts';

/** Bytes of the longest line a server may send; the original's own limit. */
const LONGEST = 8192;

/** Cuts a stream of bytes into lines, one character a byte, and lets one reader wait for the next. */
export class LineReader {
  #text = '';
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  push(chunk: Uint8Array): void {
    for (const byte of chunk) this.#text += String.fromCharCode(byte);
    if (this.#text.length > LONGEST && !this.#text.includes('\n'))
      this.fail(
        new ClientError('ERR_CLIENT_SERVER', `the server sent more than ${LONGEST} bytes and no line`),
      );
    this.#wake?.();
  }

  /** No more comes: for this reason. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#wake?.();
  }

  /** The next line without its end. @throws the reason why none comes. */
  async next(): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf('\n');
      if (at >= 0) {
        const line = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + 1);
        return line;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
