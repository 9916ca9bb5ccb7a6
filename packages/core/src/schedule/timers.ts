import type { TimeSource } from './time-source.ts';
import { Wheel, type WheelEntry } from './wheel.ts';

/** Longest wait the host's timer takes, in milliseconds; longer ones are armed again. */
const MAX_HOST_WAIT = 0x7fffffff;

/** All timers of a thread: one wheel, driven by one timer of the host that stops when nothing waits. */
export class Timers<Entry extends WheelEntry> {
  readonly #time: TimeSource;
  readonly #clock: () => number;
  readonly #wheel: Wheel<Entry>;
  #disarm: () => void = () => {};
  #armedFor = Number.POSITIVE_INFINITY;
  readonly #tick = (): void => this.#advance();
  readonly #fire: (timer: Entry) => void;

  /** `clock` tells milliseconds, at the pace of `time`; `fire` is given what is due. */
  constructor(time: TimeSource, clock: () => number, fire: (timer: Entry) => void) {
    this.#time = time;
    this.#clock = clock;
    this.#fire = fire;
    this.#wheel = new Wheel(Math.floor(clock()));
  }

  get size(): number {
    return this.#wheel.size;
  }

  /** Fires the timer after so many milliseconds, never earlier. */
  start(timer: Entry, milliseconds: number): void {
    const due = Math.ceil(this.#clock() + milliseconds);
    this.#wheel.insert(timer, due);
    if (due < this.#armedFor) this.#arm(due);
  }

  stop(timer: Entry): boolean {
    return this.#wheel.remove(timer);
  }

  /** Forgets everything. */
  close(): void {
    this.#disarm();
    this.#armedFor = Number.NEGATIVE_INFINITY;
  }

  #advance(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#wheel.advance(Math.floor(this.#clock()), this.#fire);
    const next = this.#wheel.nextWake();
    if (next < this.#armedFor) this.#arm(next);
  }

  #arm(due: number): void {
    this.#disarm();
    this.#armedFor = due;
    const wait = Math.min(Math.max(1, Math.ceil(due - this.#clock())), MAX_HOST_WAIT);
    this.#disarm = this.#time.after(wait, this.#tick);
  }
}
