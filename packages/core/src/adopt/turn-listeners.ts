import type { ServiceKernel } from '../contracts/kernel.ts';

type Listener = (...args: unknown[]) => unknown;

/** Listeners of a library that run in the service's turn, found again by those they stand for, so that they can be removed. */
export class TurnListeners {
  readonly #kernel: ServiceKernel;
  readonly #wrapped = new WeakMap<object, Listener>();

  constructor(kernel: ServiceKernel) {
    this.#kernel = kernel;
  }

  /** What the library gets in place of a listener. What it throws is logged in the service's name. */
  inTurn(listener: Listener): Listener {
    let wrapped = this.#wrapped.get(listener);
    if (wrapped === undefined) {
      wrapped = (...args) => this.#kernel.enqueue(listener, ...args);
      this.#wrapped.set(listener, wrapped);
    }
    return wrapped;
  }
}
