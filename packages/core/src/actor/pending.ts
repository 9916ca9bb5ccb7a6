import type { Answered } from '../contracts/kernel.ts';
import type { TimerHandle } from '../contracts/task.ts';
import type { Handle } from '../handle.ts';
import type { Protocol } from '../protocol.ts';
import { ITEM, type MailboxItem } from './mailbox.ts';

let resolveNext!: (value: unknown) => void;
// One function for all promises: a closure for each call would cost as much as the promise itself.
const keepResolve = (resolve: (value: unknown) => void): void => {
  resolveNext = resolve;
};

/** What few that wait need. */
class Conditions {
  /** Deadline, or the end of a sleep. */
  timer: TimerHandle | undefined = undefined;
  /** Gives the abort listener back. */
  forget: (() => void) | undefined = undefined;
  /** Token in the table of waiters, if it can be woken. */
  token: unknown = undefined;
}

// Bits of its state. Names of their own, not of an object: so its accessors are short enough for V8 to put them anywhere.
const FAILED = 1;
const SETTLED = 2;
const QUEUED = 4;

/**
 * A suspended task: who waits, for what, and how it goes on. Stands in the mailbox itself when a driver resumes it.
 * Or a call whose answer comes to a function: nobody waits then, and there is no promise. Each call makes one, so what most
 * do not need stands elsewhere.
 */
export class Pending implements MailboxItem {
  next: MailboxItem | undefined = undefined;
  readonly promise: Promise<unknown> | undefined;
  /** Lets the promise follow a value or another promise; where there is none, it is {@link answered}. */
  readonly resolve: (value: unknown) => void;
  /** The task that is suspended, restored when it goes on; where no task waits, it is {@link about}. */
  readonly #task: object | undefined;
  /** Key in the session table. */
  readonly session: number;
  /** Whose answer it waits for, 0 for none in particular. Another's once the request is redirected. */
  dest: Handle;
  /** How the answer is read; undefined leaves it packed. */
  readonly protocol: Protocol | undefined;
  /** Value or error it goes on with, once known. */
  outcome: unknown = undefined;
  #flags = 0;
  #conditions: Conditions | undefined = undefined;

  /** @param task Who waits; with `answered`, which gets the answer then, what that is told along with it. */
  constructor(
    task: object | undefined,
    session: number,
    dest: Handle,
    protocol: Protocol | undefined,
    answered?: Answered,
  ) {
    this.#task = task;
    this.session = session;
    this.dest = dest;
    this.protocol = protocol;
    // Both ways have the same fields: one more, or a class of its own, would cost all calls something.
    this.promise = answered === undefined ? new Promise(keepResolve) : undefined;
    this.resolve = answered === undefined ? resolveNext : (answered as (value: unknown) => void);
  }

  get task(): object | undefined {
    return this.promise === undefined ? undefined : this.#task;
  }

  /** What the answer is given to, if nobody waits for it. */
  get answered(): Answered | undefined {
    return this.promise === undefined ? (this.resolve as Answered) : undefined;
  }

  /** What {@link answered} is told along with the answer. */
  get about(): object | undefined {
    return this.promise === undefined ? this.#task : undefined;
  }

  get type(): number {
    return ITEM.RESUME;
  }

  get conditions(): Conditions {
    this.#conditions ??= new Conditions();
    return this.#conditions;
  }

  /** Whether anything has to be done besides going on. */
  get hasConditions(): boolean {
    return this.#conditions !== undefined;
  }

  get timer(): TimerHandle | undefined {
    return this.#conditions?.timer;
  }

  get token(): unknown {
    return this.#conditions?.token;
  }

  /** Lets go of what it holds elsewhere: its listener for a signal. */
  forget(): void {
    this.#conditions?.forget?.();
  }

  get failed(): boolean {
    return (this.#flags & FAILED) !== 0;
  }

  get settled(): boolean {
    return (this.#flags & SETTLED) !== 0;
  }

  /** A driver has put it in the mailbox already. */
  get queuedToResume(): boolean {
    return (this.#flags & QUEUED) !== 0;
  }

  /** Says what it goes on with. */
  decide(outcome: unknown, failed: boolean): void {
    this.outcome = outcome;
    this.#flags = failed ? this.#flags | FAILED : this.#flags & ~FAILED;
  }

  markSettled(): void {
    this.#flags |= SETTLED;
  }

  markQueued(): void {
    this.#flags |= QUEUED;
  }
}
