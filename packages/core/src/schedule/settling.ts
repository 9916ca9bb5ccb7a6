// Already settled: its `then` puts a function behind the microtasks for a third of what `queueMicrotask` costs, which
// makes a resource for async hooks each time.
const SETTLED = Promise.resolve();

/** Runs `work` behind the microtasks that are due now. */
export function soon(work: () => void): void {
  void SETTLED.then(work);
}

/**
 * What Node runs behind each of its callbacks: ticks and microtasks, until none is left. To be called in a callback of
 * the event loop or in a tick, not in a microtask. Throws what a tick throws.
 *
 * Node gives it out under a name that its documentation only mentions as deprecated, for want of another: undefined
 * where it does not.
 */
export function ticksAndMicrotasks(): (() => void) | undefined {
  const run: unknown = Reflect.get(process, '_tickCallback');
  return typeof run === 'function' ? (run.bind(process) as () => void) : undefined;
}
