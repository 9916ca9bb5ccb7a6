import type { Duration } from '../duration.ts';
import type { Handle } from '../handle.ts';

/** What limits a wait. */
export interface AwaitOptions {
  /** How long to wait (ERR_TIMEOUT); 0, the default, waits for ever. */
  timeout?: Duration;
  /** Gives the wait up when aborted (ERR_ABORTED). */
  signal?: AbortSignal;
}

/** A running or suspended piece of a service's work: a request, a fork, a timer callback. Prints as `thread: 0x…`. */
export interface Task {
  /** Number of the task inside its node, never used again. */
  readonly id: number;
  /** `thread: 0x…`, as the original prints a coroutine. */
  toString(): string;
}

/** A timer that has not fired yet. */
export interface TimerHandle {
  /** Stops it. Returns whether it was still waiting. */
  cancel(): boolean;
}

/** Runs functions one after another, also across suspensions (`skynet.queue`, book §7.11). */
export type CriticalSection = <Args extends unknown[], Result>(
  work: (...args: Args) => Result | Promise<Result>,
  ...args: Args
) => Promise<Awaited<Result>>;

/** A task that waits for something. */
export interface SuspendedTask {
  readonly task: Task;
  /** Session under which it waits, as debug consoles show it. */
  readonly session: number;
  /** Whose answer it waits for; 0 for time, a wakeup or a driver. */
  readonly waitsFor: Handle;
}
