import type { Skynet } from '../contracts/skynet.ts';

/** The same values, each of which the loop that reads them gets in the service's turn: `for await (… of adoptIterable(…))`. */
export function adoptIterable<Value>(
  skynet: Skynet,
  iterable: AsyncIterable<Value>,
): AsyncIterableIterator<Value> {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => skynet.await(iterator.next()),
    return: (value) =>
      iterator.return === undefined
        ? Promise.resolve({ done: true, value })
        : skynet.await(iterator.return(value)),
  };
}
