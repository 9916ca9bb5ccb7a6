/** What was read as an answer: its value, with `more` one part of it; or that it is a refusal, and which. */
export type Answer<Value = unknown> =
  | readonly [ok: true, value?: Value, more?: boolean | undefined]
  | readonly [ok: false, error?: unknown];

/** Who waits for an answer. */
export interface Waiter {
  /** The answer has come. */
  resolve(value: unknown): void;
  /** It was refused, or cannot come any more. */
  reject(error: unknown): void;
}

/** An answer that is to come. */
export class Expected<Key> {
  /** How it is known: its session, or the function that reads it. */
  readonly key: Key;
  #waiter: Waiter | undefined;
  #parts: unknown[] | undefined = undefined;

  constructor(key: Key, waiter: Waiter) {
    this.key = key;
    this.#waiter = waiter;
  }

  /** Whether somebody still waits. */
  get awaited(): boolean {
    return this.#waiter !== undefined;
  }

  /** Takes an answer, or a part of it. Whether it is complete. */
  take(answer: Answer): boolean {
    if (!answer[0]) {
      this.#waiter?.reject(answer[1]);
      return true;
    }
    const [, value, more] = answer;
    if (more) {
      this.#parts ??= [];
      // What nobody waits for is not kept.
      if (this.awaited) this.#parts.push(value);
      return false;
    }
    if (this.#parts === undefined) this.#waiter?.resolve(value);
    else this.#waiter?.resolve([...this.#parts, value]);
    return true;
  }

  /** It does not come. */
  fail(error: unknown): void {
    this.#waiter?.reject(error);
  }

  /** Nobody waits any more; it may still come. */
  abandon(): void {
    this.#waiter = undefined;
    this.#parts = undefined;
  }
}
