import type { TimerHandle } from '../contracts/task.ts';
import type { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import type { Body } from '../message.ts';
import type { Protocol } from '../protocol.ts';
import { ITEM, type MailboxItem } from './mailbox.ts';

let resolveNext!: (value: unknown) => void;
// One function for all promises: a closure for each call would cost as much as the promise itself.
const keepResolve = (resolve: (value: unknown) => void): void => {
  resolveNext = resolve;
};

/** What an answer is given to in place of a promise: an error or undefined, and the body when there is none. */
export type Answered = (error: SkynetError | undefined, body: Body | undefined) => unknown;

/** What few that wait need. */
class Conditions {
  /** Deadline, or the end of a sleep. */
  timer: TimerHandle | undefined = undefined;
  /** Gives the abort listener back. */
  forget: (() => void) | undefined = undefined;
  /** Token in the table of waiters, if it can be woken. */
  token: unknown = undefined;
  answered: Answered | undefined = undefined;
}

const FLAG = { FAILED: 1, SETTLED: 2, QUEUED: 4 } as const;

/**
 * A suspended task: who waits, for what, and how it goes on. Stands in the mailbox itself when a driver resumes it.
 * Or a call whose answer comes to a function: nobody waits then, and there is no promise. Each call makes one, so what most
 * do not need stands elsewhere.
 */
export class Pending implements MailboxItem {
  next: MailboxItem | undefined = undefined;
  readonly promise: Promise<unknown> | undefined;
  /** Lets the promise follow a value or another promise. */
  readonly resolve: (value: unknown) => void;
  /** The task that is suspended, restored when it goes on. */
  readonly task: object | undefined;
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

  constructor(
    task: object | undefined,
    session: number,
    dest: Handle,
    protocol: Protocol | undefined,
    answered?: Answered,
  ) {
    this.task = task;
    this.session = session;
    this.dest = dest;
    this.protocol = protocol;
    this.promise = answered === undefined ? new Promise(keepResolve) : undefined;
    this.resolve = resolveNext;
    if (answered !== undefined) this.conditions.answered = answered;
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
    return (this.#flags & FLAG.FAILED) !== 0;
  }

  get settled(): boolean {
    return (this.#flags & FLAG.SETTLED) !== 0;
  }

  /** A driver has put it in the mailbox already. */
  get queuedToResume(): boolean {
    return (this.#flags & FLAG.QUEUED) !== 0;
  }

  /** Says what it goes on with. */
  decide(outcome: unknown, failed: boolean): void {
    this.outcome = outcome;
    this.#flags = failed ? this.#flags | FLAG.FAILED : this.#flags & ~FLAG.FAILED;
  }

  markSettled(): void {
    this.#flags |= FLAG.SETTLED;
  }

  markQueued(): void {
    this.#flags |= FLAG.QUEUED;
  }
}

/** An answer as it arrives: a body, or the error that stands for it. */
export type Answer = Body | SkynetError;
