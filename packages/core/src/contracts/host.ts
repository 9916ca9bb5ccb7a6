import type { Timer } from '../actor/timer.ts';
import type { Handle } from '../handle.ts';
import type { Message } from '../message.ts';
import type { Watcher } from '../route/endings.ts';
import type { EndReason } from './skynet.ts';

/** Anything the scheduler gives turns to. */
export interface Runnable {
  /** Whether it stands in the scheduler's list. Kept by the scheduler. */
  queued: boolean;
  /**
   * Works off what waits, at most `limit` items.
   * @returns what the scheduler has to do: nothing, come again at once, or come again when all promises have settled.
   */
  turn(limit: number): TurnResult;
  /** The microtasks of its turn are done, and its next turn comes only later. */
  settled(): void;
  /** A turn has thrown, which none should: tells of it. */
  turnFailed(thrown: unknown): void;
}

/** `IDLE`: nothing waits. `MORE`: the limit was reached. `SETTLE`: a task was started or resumed and may still run. */
export const TURN = { IDLE: 0, MORE: 1, SETTLE: 2 } as const;
export type TurnResult = (typeof TURN)[keyof typeof TURN];

/** What a service asks of the thread it lives in. */
export interface Host {
  /** Own thread number. */
  readonly thread: number;
  /** Asks for a turn. */
  ready(service: Runnable): void;
  /** Hands a message to its receiver, wherever that is. False if there is no such service. */
  deliver(to: Handle, message: Message): boolean;
  /** Whether a service lives. */
  isAlive(handle: Handle): boolean;
  /** Milliseconds since the node started. */
  clock(): number;
  /** Fires the timer after so many milliseconds. */
  startTimer(timer: Timer, milliseconds: number): void;
  /** Takes a timer out. */
  stopTimer(timer: Timer): boolean;
  /** Notes which service works on what, for the watchdog. */
  working(handle: Handle, item: { readonly type: number }): void;
  /** A task of the service goes on in a microtask: notes it there, should others do the same first. */
  resuming(handle: Handle): void;
  /** Number of the watchdog's last report, if that was about this service, which still works on the same; else 0. */
  endlessReport(handle: Handle): number;
  /** Seconds a service of this thread has run; 0 unless the node profiles. */
  cpuOf(handle: Handle): number;
  /** A log line. */
  log(source: Handle, text: string): void;
  /** Something that a service opened is being closed and takes its time: a node that stops waits for it. */
  closing(handle: Handle, closed: Promise<unknown>): void;
  /** Called by a service that ended, once. */
  ended(handle: Handle, reason: EndReason): void;
  /** Tells when a service ends, at once if it does not live. */
  watch(watcher: Watcher): void;
  unwatch(watcher: Watcher): void;
}
