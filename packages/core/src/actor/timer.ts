import type { TimerHandle } from '../contracts/skynet.ts';
import type { WheelEntry } from '../schedule/wheel.ts';
import { ITEM, type MailboxItem } from './mailbox.ts';
import type { Pending } from './pending.ts';

/** What a timer belongs to. */
export interface TimerOwner {
  /** Its time has come. */
  fired(timer: Timer): void;
  /** Somebody does not want it any more. */
  cancelTimer(timer: Timer): boolean;
}

/**
 * One entry for everything that waits for a moment: in the wheel until then, in the mailbox after.
 * It either lets a suspended task go on or starts one.
 */
export class Timer implements WheelEntry, MailboxItem, TimerHandle {
  readonly type: number = ITEM.TIMER;
  next: MailboxItem | undefined = undefined;
  due = 0;
  slot = -1;
  wheelNext: WheelEntry | undefined = undefined;
  wheelPrev: WheelEntry | undefined = undefined;
  /** Chain of the owner's timers, so that all of them end with it. */
  ownerNext: Timer | undefined = undefined;
  ownerPrev: Timer | undefined = undefined;
  readonly owner: TimerOwner;
  readonly work: ((...args: never[]) => unknown) | undefined;
  readonly args: readonly unknown[] | undefined;
  readonly pending: Pending | undefined;
  /** Milliseconds between runs, 0 for once. */
  readonly period: number;
  cancelled = false;

  constructor(
    owner: TimerOwner,
    work: ((...args: never[]) => unknown) | undefined,
    args: readonly unknown[] | undefined,
    pending: Pending | undefined,
    period: number,
  ) {
    this.owner = owner;
    this.work = work;
    this.args = args;
    this.pending = pending;
    this.period = period;
  }

  cancel(): boolean {
    return this.owner.cancelTimer(this);
  }
}
