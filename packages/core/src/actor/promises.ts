const promiseThen = Promise.prototype.then;

/** As `then`, of whatever promise: one of somebody else's making calls back once, later, and throws nothing then. */
export function whenSettled(
  promise: PromiseLike<unknown>,
  settled: ((value: unknown) => void) | undefined,
  failed: (thrown: unknown) => void,
): Promise<unknown> {
  return promiseThen.call(Promise.resolve(promise), settled, failed);
}

/** Whether it has a `then`, whoever has made it. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
