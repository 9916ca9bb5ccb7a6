import type { EndReason } from '../contracts/ending.ts';
import type { Handle } from '../handle.ts';
import type { Message } from '../message.ts';
import type { Watcher } from '../route/endings.ts';
import type { Runnable } from '../schedule/scheduler.ts';
import type { ActiveRequest } from './request.ts';
import type { Timer } from './timer.ts';

/** What services ask of the router of their thread. */
export interface Routing {
  /** Hands a message to its receiver, wherever that is. False if there is no such service. */
  deliver(to: Handle, message: Message): boolean;
  /**
   * The same for values that are the caller's own list: they are copied, or encoded for another thread, before it returns.
   * @throws ERR_UNSERIALIZABLE.
   */
  deliverValues(to: Handle, type: number, session: number, source: Handle, values: unknown[]): boolean;
  /** Whether a service lives, in whichever thread or node. */
  isAlive(handle: Handle): boolean;
  /** Tells a service, behind the request, that nobody waits for the answer any more. */
  cancelRequest(to: Handle, source: Handle, session: number): void;
}

/** What a service asks of the thread it lives in. */
export interface Host {
  /** Own thread number. */
  readonly thread: number;
  /** Asks for a turn. */
  ready(service: Runnable): void;
  /** Brings messages to their receivers. */
  readonly router: Routing;
  /** Tells of ends. */
  readonly endings: { watch(watcher: Watcher): void; unwatch(watcher: Watcher): void };
  /** Milliseconds since the node started. */
  clock(): number;
  /** The {@link clock} after so many milliseconds as timers count them. */
  deadlineAfter(milliseconds: number): number;
  /** Milliseconds as timers count them until such a moment; 0 or less when it has passed. */
  leftUntil(deadline: number): number;
  /** Fires the timer after so many milliseconds. */
  startTimer(timer: Timer, milliseconds: number): void;
  /** Takes a timer out. */
  stopTimer(timer: Timer): boolean;
  /** Notes which service works on what, and who sent that, for the watchdog. */
  working(handle: Handle, source: Handle, type: number): void;
  /** A task of the service goes on in a microtask: notes it there, should others do the same first. */
  resuming(handle: Handle): void;
  /** Number of the watchdog's last report, if that was about this service, which still works on the same; else 0. */
  endlessReport(handle: Handle): number;
  /** Seconds a service of this thread has run; 0 unless the node profiles. */
  cpuOf(handle: Handle): number;
  /** Gives a service of this thread new code; see `Skynet.reload`. `patience` in milliseconds. */
  reload(handle: Handle, module: string | undefined, patience: number): Promise<void>;
  /** Moves a service of this thread to another one; see `Skynet.move`. `patience` in milliseconds. */
  move(handle: Handle, request: ActiveRequest, thread: number, patience: number): Promise<void>;
  /** Has a service of this thread stay there, or go again, whatever placement learns. */
  pin(handle: Handle, on: boolean): void;
  /** A log line. */
  log(source: Handle, text: string): void;
  /** A log line of the kernel's own words, in which nothing of anybody else stands. */
  note(source: Handle, text: string): void;
  /** Something that a service opened is being closed and takes its time: a node that stops waits for it. */
  closing(handle: Handle, closed: Promise<unknown>): void;
  /** Called by a service that ended, once. */
  ended(handle: Handle, reason: EndReason): void;
  /** Everybody who waited for a service that ended has been told. */
  released(handle: Handle): void;
}
