/** Milliseconds of silence after which a thread counts as held that is known to be, or that a second signal waits for. */
const AT_ONCE = 300;

/**
 * Milliseconds within which the same signal again is an echo: `npm start` sends on what a terminal sends to everybody.
 * Nobody types as fast.
 */
export const ECHO = 50;

/** What a guard sees of its process and can do with it, from a thread that runs no services. */
export interface GuardedProcess {
  /** Counts up while thread 0 stops the node. */
  beats(): number;
  /** Whether thread 0 has been seen to be held by a service and still is. */
  isHeld(): boolean;
  /** Tells the other threads to stop their services, within so many milliseconds. */
  stopOthers(deadline: number): void;
  log(text: string): void;
  end(code: number): void;
}

export interface StopGuardOptions {
  /** Threads besides thread 0. */
  readonly others: readonly number[];
  /** Milliseconds that stopping may take. */
  readonly shutdownTimeout: number;
  /** Milliseconds that a thread may work on one thing. */
  readonly endlessAfter: number;
}

/**
 * Sees to it that a process ends that was told to, also when a service holds thread 0 and nothing there hears of it:
 * the services of the other threads are stopped, then the process is ended. A second signal is not kept waiting for
 * that. While thread 0 stops the node itself it gives a beat again and again; then only its silence counts.
 *
 * Driven from outside: `look` is to be called every so often once `isWatching`. Times are milliseconds of one clock.
 */
export class StopGuard {
  readonly #process: GuardedProcess;
  readonly #options: StopGuardOptions;
  readonly #running: Set<number>;
  #code = 1;
  #signals = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  #secondAt = Number.POSITIVE_INFINITY;
  /** When thread 0 last gave a sign, or was told to stop; undefined before that. */
  #lastSign: number | undefined;
  #beats: number;
  #isTaken = false;
  #hasStoppedOthers = false;
  #hasEnded = false;

  constructor(process: GuardedProcess, options: StopGuardOptions) {
    this.#process = process;
    this.#options = options;
    this.#running = new Set(options.others);
    this.#beats = process.beats();
  }

  get isWatching(): boolean {
    return this.#lastSign !== undefined && !this.#hasEnded;
  }

  /** The process was told to end; `code` is its exit code if it does not end itself. */
  told(code: number, now: number): void {
    const isEcho = code === this.#code && now - this.#toldAt <= ECHO;
    if (!isEcho && ++this.#signals === 2) this.#secondAt = now;
    this.#code = code;
    this.#toldAt = now;
    this.#lastSign ??= now;
  }

  /** Thread 0 is stopping the node. */
  stopping(code: number, now: number): void {
    if (this.#signals === 0) this.#code = code;
    this.#lastSign ??= now;
    this.#isTaken = true;
  }

  /** Another thread has stopped its services. */
  otherStopped(thread: number): void {
    this.#running.delete(thread);
  }

  look(now: number): void {
    if (this.#lastSign === undefined || this.#hasEnded) return;
    const beats = this.#process.beats();
    if (beats !== this.#beats) {
      this.#beats = beats;
      this.#lastSign = now;
      this.#isTaken = true;
    }
    const silence = now - this.#lastSign;
    const limit = Math.max(this.#options.shutdownTimeout, AT_ONCE);
    if (silence >= limit || (silence >= AT_ONCE && now - this.#secondAt >= AT_ONCE)) this.#end();
    else if (!this.#isTaken) this.#goOnWithout(silence, limit);
  }

  #goOnWithout(silence: number, limit: number): void {
    const patience = this.#process.isHeld() ? AT_ONCE : Math.min(this.#options.endlessAfter, limit / 2);
    if (silence < patience) return;
    if (!this.#hasStoppedOthers) {
      this.#hasStoppedOthers = true;
      this.#process.log('thread 0 does not hear that the node is to stop: it stops without it');
      this.#process.stopOthers(limit - silence);
    }
    if (this.#running.size === 0) this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#process.end(this.#code);
  }
}
