import type { TimerHandle } from '../contracts/skynet.ts';
import type { SkynetError } from '../errors.ts';
import type { Handle } from '../handle.ts';
import type { Body } from '../message.ts';
import type { Protocol } from '../protocol.ts';
import { ITEM, type MailboxItem } from './mailbox.ts';

let resolveNext!: (value: unknown) => void;
let rejectNext!: (reason: unknown) => void;
// One function for all promises: a closure for each call would cost as much as the promise itself.
const keepSettlers = (resolve: (value: unknown) => void, reject: (reason: unknown) => void): void => {
  resolveNext = resolve;
  rejectNext = reject;
};

/** What an answer is given to in place of a promise: an error or undefined, and the body when there is none. */
type Answered = (error: SkynetError | undefined, body: Body | undefined) => unknown;

/**
 * A suspended task: who waits, for what, and how it goes on. Stands in the mailbox itself when a driver resumes it.
 * Or a call whose answer comes to a function: nobody waits then, and there is no promise.
 */
export class Pending implements MailboxItem {
  readonly type: number = ITEM.RESUME;
  next: MailboxItem | undefined = undefined;
  readonly promise: Promise<unknown> | undefined;
  readonly answered: Answered | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** The task that is suspended, restored when it goes on. */
  readonly task: object | undefined;
  /** Key in the session table. */
  readonly session: number;
  /** Whose answer it waits for, 0 for none in particular. Another's once the request is redirected. */
  dest: Handle;
  /** How the answer is read; undefined leaves it packed. */
  readonly protocol: Protocol | undefined;
  /** Deadline, or the end of a sleep. */
  timer: TimerHandle | undefined = undefined;
  /** Gives the abort listener back. */
  forget: (() => void) | undefined = undefined;
  /** Token in the table of waiters, if it can be woken. */
  token: unknown = undefined;
  /** Value or error it goes on with, once known. */
  outcome: unknown = undefined;
  failed = false;
  settled = false;
  /** A driver has put it in the mailbox already. */
  queuedToResume = false;

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
    this.answered = answered;
    this.promise = answered === undefined ? new Promise(keepSettlers) : undefined;
    this.resolve = resolveNext;
    this.reject = rejectNext;
  }
}

/** An answer as it arrives: a body, or the error that stands for it. */
export type Answer = Body | SkynetError;
