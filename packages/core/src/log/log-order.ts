import type { Handle } from '../handle.ts';

/**
 * Puts log lines of several threads in the order in which they were written. Every line takes a number from a counter
 * in shared memory before it travels; one that arrives early waits for those before it. So a line that led to another,
 * by a message, stands before it in the log.
 */
export class LogOrder {
  #next: number;
  readonly #early = new Map<number, { source: Handle; text: string }>();
  readonly #write: (source: Handle, text: string) => void;

  /** `next` is the number of the first line. */
  constructor(next: number, write: (source: Handle, text: string) => void) {
    this.#next = next;
    this.#write = write;
  }

  add(number: number, source: Handle, text: string): void {
    if (number !== this.#next) {
      this.#early.set(number, { source, text });
      return;
    }
    this.#write(source, text);
    this.#next++;
    for (let line = this.#early.get(this.#next); line !== undefined; line = this.#early.get(this.#next)) {
      this.#early.delete(this.#next);
      this.#write(line.source, line.text);
      this.#next++;
    }
  }

  /** A thread is gone, and numbers it took may never come: writes what waits for them. */
  skipMissing(): void {
    const numbers = [...this.#early.keys()].sort((a, b) => a - b);
    for (const number of numbers) {
      const line = this.#early.get(number);
      if (line === undefined) continue;
      this.#early.delete(number);
      this.#next = number;
      this.add(number, line.source, line.text);
    }
  }
}
