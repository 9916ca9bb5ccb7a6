import type { Handle } from '../handle.ts';

/** What is told of each piece of work of a thread. */
export interface WorkListener {
  working(handle: Handle, source: Handle, type: number): void;
  idle(): void;
}

/**
 * How long each service of a thread has run (config `profile`): the time from the moment the thread turns to it until
 * it turns to another one or to nothing. Stands before the thread's own listener, so that nodes without it pay nothing.
 */
export class CpuAccounts implements WorkListener {
  readonly #listener: WorkListener;
  /** Milliseconds. */
  readonly #spent = new Map<Handle, number>();
  #running: Handle = 0;
  #since = 0;

  constructor(listener: WorkListener) {
    this.#listener = listener;
  }

  open(handle: Handle): void {
    this.#spent.set(handle, 0);
  }

  close(handle: Handle): void {
    this.#spent.delete(handle);
  }

  working(handle: Handle, source: Handle, type: number): void {
    this.#turnTo(handle);
    this.#listener.working(handle, source, type);
  }

  idle(): void {
    this.#turnTo(0);
    this.#listener.idle();
  }

  /** Seconds up to now. */
  seconds(handle: Handle): number {
    this.#turnTo(this.#running);
    return (this.#spent.get(handle) ?? 0) / 1000;
  }

  #turnTo(handle: Handle): void {
    const now = performance.now();
    const spent = this.#spent.get(this.#running);
    if (spent !== undefined) this.#spent.set(this.#running, spent + now - this.#since);
    this.#running = handle;
    this.#since = now;
  }
}
