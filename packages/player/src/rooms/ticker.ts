import type { Skynet, TimerHandle } from '@skynet/core';
import type { Lag, Step } from './contract.ts';

/** Lags that are kept. */
const KEPT = 128;

/**
 * Calls `run` at a fixed step: step n is due n times the step after the start, whatever the ones before took, so nothing
 * drifts. Who is late catches up, a few steps at most; what is beyond that is left out and counted.
 */
export class Ticker {
  readonly #skynet: Skynet;
  readonly #time: number;
  readonly #catchUp: number;
  readonly #clock: () => number;
  readonly #run: (step: Step) => unknown;
  readonly #lags = new Float64Array(KEPT);
  readonly #start: number;
  #number = 0;
  #steps = 0;
  #skipped = 0;
  #timer: TimerHandle | undefined;
  #isStopped = false;

  /** @param time Milliseconds of a step. @param catchUp Steps in a row without a wait. */
  constructor(
    skynet: Skynet,
    clock: () => number,
    time: number,
    catchUp: number,
    run: (step: Step) => unknown,
  ) {
    this.#skynet = skynet;
    this.#clock = clock;
    this.#time = time;
    this.#catchUp = catchUp;
    this.#run = run;
    this.#start = clock();
    this.#wait();
  }

  get lag(): Lag {
    const count = Math.min(this.#steps, KEPT);
    let sum = 0;
    let worst = 0;
    for (let i = 0; i < count; i++) {
      const lag = this.#lags[i] as number;
      sum += lag;
      worst = Math.max(worst, lag);
    }
    return {
      last: this.#steps === 0 ? 0 : (this.#lags[(this.#steps - 1) % KEPT] as number),
      mean: count === 0 ? 0 : sum / count,
      worst,
      skipped: this.#skipped,
      steps: this.#steps,
    };
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #dueOf(number: number): number {
    return this.#start + number * this.#time;
  }

  #wait(): void {
    if (this.#isStopped) return;
    const left = Math.max(this.#dueOf(this.#number + 1) - this.#clock(), 0);
    this.#timer = this.#skynet.timeout(`${Math.ceil(left)}ms`, () => this.#fire());
  }

  async #fire(): Promise<void> {
    for (let caught = 0; caught < this.#catchUp && !this.#isStopped; caught++) {
      const lag = this.#clock() - this.#dueOf(this.#number + 1);
      if (lag < 0) break;
      this.#lags[this.#steps++ % KEPT] = lag;
      try {
        await this.#run({ number: ++this.#number, time: this.#time, lag });
      } catch (error) {
        this.#wait();
        throw error;
      }
    }
    const behind = Math.floor((this.#clock() - this.#dueOf(this.#number + 1)) / this.#time);
    if (behind >= this.#catchUp) {
      this.#skipped += behind;
      this.#number += behind;
    }
    this.#wait();
  }
}
