import type { TimerHandle } from '../contracts/task.ts';
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

type Work = (...args: never[]) => unknown;

/** {@link Timer.slot} of one that nobody wants any more. */
const CANCELLED = -2;
const NO_ARGS: readonly unknown[] = [];

/**
 * One entry for everything that waits for a moment: in the wheel until then, in the mailbox after.
 * It either lets a suspended task go on or starts one. There may be a million: so it has no field that it can do without.
 */
export class Timer implements WheelEntry, MailboxItem, TimerHandle {
  /** Chain of the wheel's slot, or of the mailbox; it is never in both. */
  next: (WheelEntry & MailboxItem) | undefined = undefined;
  due = 0;
  slot = -1;
  wheelPrev: WheelEntry | undefined = undefined;
  /** Chain of the owner's timers, so that all of them end with it. */
  ownerNext: Timer | undefined = undefined;
  ownerPrev: Timer | undefined = undefined;
  readonly owner: TimerOwner;
  /** What it starts, or whom it wakes. */
  readonly target: Work | Pending;
  readonly args: readonly unknown[];

  constructor(owner: TimerOwner, target: Work | Pending, args: readonly unknown[] = NO_ARGS) {
    this.owner = owner;
    this.target = target;
    this.args = args.length === 0 ? NO_ARGS : args;
  }

  get type(): number {
    return ITEM.TIMER;
  }

  /** Milliseconds between runs, 0 for once. */
  get period(): number {
    return 0;
  }

  get cancelled(): boolean {
    return this.slot === CANCELLED;
  }

  /** To be called once it is in no wheel. */
  markCancelled(): void {
    this.slot = CANCELLED;
  }

  cancel(): boolean {
    return this.owner.cancelTimer(this);
  }
}

/** A timer that starts its work again and again. */
export class IntervalTimer extends Timer {
  readonly #period: number;

  constructor(owner: TimerOwner, work: Work, args: readonly unknown[], period: number) {
    super(owner, work, args);
    this.#period = period;
  }

  override get period(): number {
    return this.#period;
  }
}
