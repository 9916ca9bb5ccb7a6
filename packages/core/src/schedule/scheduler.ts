import { soon, ticksAndMicrotasks } from './settling.ts';

/** Items one service may work off before the others get their turn; of those that start or resume a task, too. */
const TURN_LIMIT = 32;
/** Tasks that go on together at most: with more of them the processor's caches have lost what they began with. */
const MAX_SETTLING = 32;
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
   * @returns what waits behind it.
   */
  turn(limit: number): TurnResult;
  /** All that was promised has settled: whatever its last turn has started or resumed is suspended again. */
  settled(): void;
  /** A turn has thrown, which none should: tells of it. */
  turnFailed(thrown: unknown): void;
}

/**
 * `IDLE`: nothing waits. `MORE`: more does. `SETTLING`: nothing waits, but a task was started or resumed and may still run.
 * `BUSY`: more waits, and has to until no task runs.
 */
export const TURN = { IDLE: 0, MORE: 1, SETTLING: 2, BUSY: 3 } as const;
export type TurnResult = (typeof TURN)[keyof typeof TURN];

/** Where messages come from that no callback of the event loop announces: the rings of other threads. */
export interface MessageSource {
  /** Takes some of what is there; the services it is for become ready. Whether there was anything. */
  poll(): boolean;
  /** No service has anything to do: waits for more, or sees to it that the thread is woken. */
  idle(): void;
}

/** Places of the first list. A power of two, as all that follow. */
const FIRST_SIZE = 64;

/** `AGAIN`: there may be more to do. `SETTLE`: what was promised comes first. `STOP`: nothing to do now. */
const STEP = { AGAIN: 0, SETTLE: 1, STOP: 2 } as const;
type Step = (typeof STEP)[keyof typeof STEP];

/**
 * Gives turns to the services of one thread, one after another in the order in which they came to have work.
 *
 * A service that started or resumed a task has to wait until the task is suspended before its next message, or two pieces
 * of it would be mixed. If it has one, the scheduler therefore has Node run all microtasks, ticks included, however long the
 * chain of awaits is, and goes on with that message at once; if not, others have their turns first. Where that cannot be had
 * a microtask asks for a tick, and Node runs ticks only when no microtask is left. (A tick asked for by a tick would run
 * first: hence the microtask between.) That costs a multiple.
 * When messages have run for {@link MAX_RUN} ms, the rest goes behind sockets and timers with `setImmediate`. The
 * clock and the rings of other threads are looked at after so many turns as were done in a part of that time.
 */
export class Scheduler {
  /** Those whose turn comes, in a ring. */
  #ring = emptyRing(FIRST_SIZE);
  #first = 0;
  #count = 0;
  /** Whose turn it is, if it has not come to its end, and how many items it may still work off. */
  #current: Runnable | undefined;
  #itemsLeft = 0;
  /** Those that had a turn, and whose tasks may still run. Keeps its memory: emptied by counting, never by its length. */
  readonly #settling: (Runnable | undefined)[] = [];
  #settlingCount = 0;
  /** Whether there were turns since everything that was promised had settled. */
  #hasWorked = false;
  /** Whether messages have run long enough. */
  #mustYield = false;
  #scheduled = false;
  /** What comes while the source is asked what to do is found at once: a tick of its own costs as much as a turn. */
  #resting = false;
  #running = false;
  #runStart = 0;
  /** Services in the list when messages let sockets in. */
  #yielded = 0;
  /** Turns that services have up to the last that sockets have brought then, that one included. */
  #brought = 0;
  #hasBrought = false;
  /** Turns since the run has begun, up to the next look around. */
  #turns = 0;
  #turnsPerLook = MAX_TURNS_PER_LOOK;
  #turnsLeft = MAX_TURNS_PER_LOOK;
  #source: MessageSource | undefined;
  readonly #onIdle: () => void;
  readonly #random: (() => number) | undefined;
  readonly #onFailure: (thrown: unknown) => void;
  readonly #settleNow = ticksAndMicrotasks();
  readonly #work = this.#giveTurns.bind(this);
  readonly #workWhenSettled = (): void =>
    process.nextTick(() => {
      this.#allSettled();
      this.#giveTurns();
    });
  readonly #workAfterIo = (): void => {
    this.#startRun(performance.now());
    this.#hasBrought = this.#count > this.#yielded;
    if (this.#hasBrought) this.#brought = this.#count;
    this.#grantTurns();
    this.#giveTurns();
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

  /** Services whose tasks may run in microtasks that are due, besides that of the one whose turn it is. */
  get settling(): number {
    return this.#settlingCount;
  }

  /** Looks into a source between turns. */
  attach(source: MessageSource): void {
    this.#source = source;
  }

  /** Puts a service in the list, once. */
  ready(service: Runnable): void {
    if (service.queued) return;
    service.queued = true;
    this.#append(service);
    if (!this.#scheduled) {
      this.#scheduled = true;
      if (!this.#resting) process.nextTick(this.#work);
    }
  }

  /**
   * Turns, until there is nothing to do or messages have run long enough. What runs between them has this function, and
   * no more of the scheduler, in its stacks: those are cut after so many frames.
   */
  #giveTurns(): void {
    for (;;) {
      const step = this.#step();
      if (step === STEP.AGAIN) continue;
      if (step === STEP.STOP) return;
      let isSettled = false;
      try {
        this.#settleNow?.();
        isSettled = this.#settleNow !== undefined;
      } finally {
        // Not to be had here, or somebody's tick has thrown: that goes its way first.
        if (!isSettled) soon(this.#workWhenSettled);
      }
      if (!isSettled) return;
      this.#allSettled();
    }
  }

  /** One turn, if messages may go on and there is anything to do. */
  #step(): Step {
    if (this.#turnsLeft-- <= 0) this.#lookAround();
    if (this.#mustYield) return this.#settlingCount > 0 ? STEP.SETTLE : this.#yield();
    let service = this.#current;
    if (service === undefined) {
      service = this.#next();
      if (service === undefined) return this.#rest();
      this.#itemsLeft = this.#random === undefined ? TURN_LIMIT : 1 + Math.floor(this.#random() * TURN_LIMIT);
    }
    this.#hasWorked = true;
    const result = this.#giveTurn(service);
    if (result === TURN.BUSY) {
      this.#current = service;
      return STEP.SETTLE;
    }
    this.#current = undefined;
    if (result === TURN.MORE) {
      this.#append(service);
      return STEP.AGAIN;
    }
    service.queued = false;
    if (result === TURN.IDLE) return STEP.AGAIN;
    this.#settling[this.#settlingCount++] = service;
    return this.#count === 0 || this.#settlingCount >= MAX_SETTLING ? STEP.SETTLE : STEP.AGAIN;
  }

  #giveTurn(service: Runnable): TurnResult {
    try {
      return service.turn(this.#itemsLeft);
    } catch (thrown) {
      try {
        service.turnFailed(thrown);
      } catch {
        // Nothing can be told of it.
      }
      return TURN.BUSY;
    }
  }

  /** No task runs. */
  #allSettled(): void {
    this.#hasWorked = false;
    for (let i = 0; i < this.#settlingCount; i++) {
      this.#settling[i]?.settled();
      this.#settling[i] = undefined;
    }
    this.#settlingCount = 0;
    const service = this.#current;
    if (service === undefined) return;
    service.settled();
    if (--this.#itemsLeft <= 0) this.#putBack(service);
  }

  /** Takes the first of the list; if it is empty, of what other threads have sent. */
  #next(): Runnable | undefined {
    if (this.#count === 0) this.#poll();
    if (this.#count === 0) return undefined;
    const ring = this.#ring;
    const at = this.#first;
    if (this.#random !== undefined) {
      const drawn = (at + Math.floor(this.#random() * this.#count)) & (ring.length - 1);
      [ring[at], ring[drawn]] = [ring[drawn], ring[at]];
    }
    const service = ring[at];
    ring[at] = undefined;
    this.#first = (at + 1) & (ring.length - 1);
    this.#count--;
    this.#brought--;
    return service;
  }

  #append(service: Runnable): void {
    if (this.#count === this.#ring.length) this.#grow();
    const ring = this.#ring;
    ring[(this.#first + this.#count++) & (ring.length - 1)] = service;
  }

  #grow(): void {
    const ring = this.#ring;
    const larger = emptyRing(ring.length * 2);
    for (let i = 0; i < this.#count; i++) larger[i] = ring[(this.#first + i) & (ring.length - 1)];
    this.#ring = larger;
    this.#first = 0;
  }

  /** The others have their turn first. */
  #putBack(service: Runnable): void {
    this.#current = undefined;
    this.#append(service);
  }

  /** Nothing has its turn. */
  #rest(): Step {
    // Waiting for other threads may take a moment: first everything that was promised here has to settle.
    if (this.#settlingCount > 0 || (this.#source !== undefined && this.#hasWorked)) return STEP.SETTLE;
    this.#scheduled = false;
    this.#running = false;
    this.#resting = true;
    try {
      this.#onIdle();
      this.#source?.idle();
    } catch (thrown) {
      this.#onFailure(thrown);
    }
    this.#resting = false;
    return this.#scheduled ? STEP.AGAIN : STEP.STOP;
  }

  #yield(): Step {
    this.#mustYield = false;
    if (this.#current !== undefined) this.#putBack(this.#current);
    this.#yielded = this.#count;
    setImmediate(this.#workAfterIo);
    return STEP.STOP;
  }

  #poll(): void {
    try {
      this.#source?.poll();
    } catch (thrown) {
      this.#onFailure(thrown);
    }
  }

  /** At the other threads, and whether messages have run long enough. */
  #lookAround(): void {
    this.#poll();
    if (this.#random !== undefined) {
      this.#turnsLeft = 1 + Math.floor(this.#random() * MAX_TURNS_PER_LOOK);
      this.#mustYield = this.#random() < 0.5;
      return;
    }
    const now = performance.now();
    if (!this.#running) {
      this.#startRun(now);
      this.#grantTurns();
      return;
    }
    const taken = now - this.#runStart;
    const turnsInTime = Math.floor((this.#turns * MAX_RUN) / taken / LOOKS);
    this.#turnsPerLook = Math.max(1, Math.min(MAX_TURNS_PER_LOOK, turnsInTime));
    // Answers to what sockets have brought leave when they are let in again.
    const isWorkedOn = this.#hasBrought && this.#brought <= 0;
    this.#mustYield = isWorkedOn || taken > MAX_RUN;
    this.#grantTurns();
  }

  #startRun(now: number): void {
    this.#running = true;
    this.#runStart = now;
    this.#turns = 0;
    this.#hasBrought = false;
  }

  /** So many until the next look. */
  #grantTurns(): void {
    const isBroughtNext = this.#hasBrought && this.#brought > 0;
    this.#turnsLeft = isBroughtNext ? Math.min(this.#brought, this.#turnsPerLook) : this.#turnsPerLook;
    this.#turns += this.#turnsLeft;
  }
}

function emptyRing(size: number): (Runnable | undefined)[] {
  return new Array<Runnable | undefined>(size).fill(undefined);
}
