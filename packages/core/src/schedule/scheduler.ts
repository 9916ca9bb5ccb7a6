import { soon, ticksAndMicrotasks } from './settling.ts';

/** Items one service may work off before the others get their turn. */
const TURN_LIMIT = 32;
/** Most turns between two looks at the clock: a look costs as much as a small message. */
const MAX_TURNS_PER_LOOK = 128;
/**
 * Longest time, in milliseconds, that messages keep sockets and timers waiting. To let them in when nothing is there takes a
 * microsecond.
 */
const MAX_RUN = 0.1;
/** Looks at the clock in such a time. */
const LOOKS = 4;

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

/** Where messages come from that no callback of the event loop announces: the rings of other threads. */
export interface MessageSource {
  /** Takes some of what is there; the services it is for become ready. Whether there was anything. */
  poll(): boolean;
  /** No service has anything to do: waits for more, or sees to it that the thread is woken. */
  idle(): void;
}

/**
 * Gives turns to the services of one thread.
 *
 * A *pass* gives every service that has work a turn. A service that started or resumed a task has to wait until the
 * task is suspended before its next message, or two pieces of it would be mixed. The next pass therefore comes behind all
 * microtasks, however long the chain of awaits is: the scheduler has Node run them, ticks included, between two passes.
 * Where that cannot be had a microtask asks for a tick, and Node runs ticks only when no microtask is left. (A tick asked
 * for by a tick would run first: hence the microtask between.) That costs thrice as much.
 * When messages have run for {@link MAX_RUN} ms, the rest goes behind sockets and timers with `setImmediate`. The
 * clock is looked at after so many turns as were done in a part of that time.
 */
export class Scheduler {
  // Lists that keep their memory: emptied by counting, never by their length.
  #ready: (Runnable | undefined)[] = [];
  /** Services whose next turn comes in the next pass. */
  #later: (Runnable | undefined)[] = [];
  #readyCount = 0;
  #laterCount = 0;
  /** Place in the list of the service whose turn is next. */
  #at = 0;
  /** Those in front of this place had a turn in the last pass, and have not been told that it is settled. */
  #unsettled = 0;
  #scheduled = false;
  #running = false;
  #runStart = 0;
  /** Services that were in the list when messages let sockets in. */
  #yielded = 0;
  /** Place in the list behind what sockets have brought then; 0 if that is nothing, or has had its turn. */
  #brought = 0;
  /** Turns since the run has begun, up to the next look at the clock. */
  #turns = 0;
  #turnsPerLook = MAX_TURNS_PER_LOOK;
  #turnsLeft = MAX_TURNS_PER_LOOK;
  #source: MessageSource | undefined;
  readonly #onIdle: () => void;
  readonly #random: (() => number) | undefined;
  #turnLimit = TURN_LIMIT;
  /** Whether messages have run long enough in this pass. */
  #mustYield = false;
  readonly #onFailure: (thrown: unknown) => void;
  readonly #settleNow = ticksAndMicrotasks();
  readonly #pass = this.#runPasses.bind(this);
  readonly #passWhenSettled = (): void => process.nextTick(this.#pass);
  readonly #yieldWhenSettled = (): void => process.nextTick(this.#yield);
  readonly #yield = (): void => {
    const ready = this.#ready;
    const later = this.#later;
    // Each turn is settled once, and those that wait for theirs are not gone through: there may be a million.
    for (let i = this.#at; i < this.#unsettled; i++) ready[i]?.settled();
    this.#unsettled = 0;
    for (let i = 0; i < this.#laterCount; i++) {
      later[i]?.settled();
      ready[this.#readyCount++] = later[i];
      later[i] = undefined;
    }
    this.#laterCount = 0;
    this.#moveUp();
    this.#yielded = this.#readyCount;
    setImmediate(this.#passAfterIo);
  };
  readonly #passAfterIo = (): void => {
    this.#startRun(performance.now());
    if (this.#readyCount > this.#yielded) this.#brought = this.#readyCount;
    this.#grantTurns();
    this.#runPasses();
  };

  /**
   * `onIdle` is told when no service has anything to do, `onFailure` of what was thrown by no service. `random` picks
   * whose turn comes next, and how long it is, in place of the order of coming: another legal run for each seed.
   */
  constructor(
    onIdle: () => void = () => {},
    random?: () => number,
    onFailure: (thrown: unknown) => void = () => {},
  ) {
    this.#onIdle = onIdle;
    this.#onFailure = onFailure;
    this.#random = random;
  }

  /** Services that a task was started or resumed for in this pass, besides the one whose turn it is. */
  get settling(): number {
    return this.#laterCount;
  }

  /** Runs `work` behind the microtasks that are due now. */
  soon(work: () => void): void {
    soon(work);
  }

  /** Looks into a source in every pass. */
  attach(source: MessageSource): void {
    this.#source = source;
  }

  /** Puts a service in the list, once. */
  ready(service: Runnable): void {
    if (service.queued) return;
    service.queued = true;
    this.#ready[this.#readyCount++] = service;
    if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#pass);
    }
  }

  /**
   * Passes, until there is nothing to do or messages have run long enough. What runs between them has this function, and
   * no more of the scheduler, in its stacks: those are cut after so many frames.
   */
  #runPasses(): void {
    for (;;) {
      const isQuiet = this.#runPass();
      const isEmpty = this.#readyCount === this.#at && this.#laterCount === 0;
      if (!this.#mustYield) this.#turnOver();
      // Waiting for other threads may take a moment: first everything that was promised here has to settle.
      if (isEmpty && (this.#source === undefined || isQuiet)) break;
      const mustYield = this.#mustYield && !isEmpty;
      let isSettled = false;
      try {
        this.#settleNow?.();
        isSettled = this.#settleNow !== undefined;
      } finally {
        // Not to be had here, or somebody's tick has thrown: that goes its way first.
        if (!isSettled) this.soon(mustYield ? this.#yieldWhenSettled : this.#passWhenSettled);
      }
      if (!isSettled) return;
      if (mustYield) {
        this.#yield();
        return;
      }
    }
    this.#scheduled = false;
    this.#running = false;
    this.#onIdle();
    this.#source?.idle();
  }

  /** Whether there was nothing to do. */
  #runPass(): boolean {
    try {
      this.#source?.poll();
    } catch (thrown) {
      this.#onFailure(thrown);
    }
    const isQuiet = this.#readyCount === this.#at;
    this.#mustYield = false;
    // Whatever a turn throws, the others have theirs.
    while (!this.#giveTurns(this.#ready, this.#later));
    return isQuiet;
  }

  /** All have had their turn. */
  #turnOver(): void {
    const ready = this.#ready;
    this.#ready = this.#later;
    this.#later = ready;
    this.#readyCount = this.#laterCount;
    this.#unsettled = this.#laterCount;
    this.#laterCount = 0;
    this.#at = 0;
    this.#brought = 0;
  }

  /** Gives back the places of those that have had their turn, once they are the half. */
  #moveUp(): void {
    const ready = this.#ready;
    const left = this.#readyCount - this.#at;
    if (this.#at < left) return;
    ready.copyWithin(0, this.#at, this.#readyCount);
    ready.fill(undefined, left, this.#readyCount);
    this.#readyCount = left;
    this.#at = 0;
  }

  /** Gives the services of this pass their turns, as far as nothing is thrown and messages may go on. */
  #giveTurns(ready: (Runnable | undefined)[], later: (Runnable | undefined)[]): boolean {
    let service: Runnable | undefined;
    try {
      // Services made ready by the turns of this pass join its list.
      for (let i = this.#at; i < this.#readyCount && !this.#mustYield; i++) {
        if (this.#random !== undefined) this.#draw(this.#random, i);
        service = ready[i] as Runnable;
        ready[i] = undefined;
        this.#at = i + 1;
        if (service.turn(this.#turnLimit) === TURN.IDLE) service.queued = false;
        else later[this.#laterCount++] = service;
        if (--this.#turnsLeft <= 0) this.#mustYield = this.#lookAtClock();
      }
      return true;
    } catch (thrown) {
      // It goes on with its next item in the next pass.
      if (service !== undefined) later[this.#laterCount++] = service;
      try {
        if (service === undefined) this.#onFailure(thrown);
        else service.turnFailed(thrown);
      } catch {
        // Nothing can be told of it.
      }
      return false;
    }
  }

  /** Puts any of the services that still wait for their turn at the place of the next. */
  #draw(random: () => number, next: number): void {
    const ready = this.#ready;
    const drawn = next + Math.floor(random() * (this.#readyCount - next));
    [ready[next], ready[drawn]] = [ready[drawn], ready[next]];
    this.#unsettled = this.#readyCount;
    this.#turnLimit = 1 + Math.floor(random() * TURN_LIMIT);
  }

  /** Whether messages have run long enough. */
  #lookAtClock(): boolean {
    if (this.#random !== undefined) {
      this.#turnsLeft = 1 + Math.floor(this.#random() * MAX_TURNS_PER_LOOK);
      return this.#random() < 0.5;
    }
    const now = performance.now();
    if (!this.#running) {
      this.#startRun(now);
      this.#grantTurns();
      return false;
    }
    const taken = now - this.#runStart;
    // Answers to what sockets have brought leave when they are let in again.
    const isWorkedOn = this.#brought > 0 && this.#at >= this.#brought;
    const turnsInTime = Math.floor((this.#turns * MAX_RUN) / taken / LOOKS);
    this.#turnsPerLook = Math.max(1, Math.min(MAX_TURNS_PER_LOOK, turnsInTime));
    this.#grantTurns();
    return isWorkedOn || taken > MAX_RUN;
  }

  #startRun(now: number): void {
    this.#running = true;
    this.#runStart = now;
    this.#turns = 0;
    this.#brought = 0;
  }

  /** So many until the next look at the clock. */
  #grantTurns(): void {
    const toBrought = this.#brought - this.#at;
    this.#turnsLeft = toBrought > 0 ? Math.min(toBrought, this.#turnsPerLook) : this.#turnsPerLook;
    this.#turns += this.#turnsLeft;
  }
}
