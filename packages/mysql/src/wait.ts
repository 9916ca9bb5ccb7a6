import type { AwaitOptions, Skynet } from '@skynet/core';
import { kernelOf } from '@skynet/core/kernel';
import type { Done } from './link.ts';

/** Lets the running task wait for what `start` begins, until its `done` is called or the limits are reached. */
export function waitFor<Result>(
  skynet: Skynet,
  start: (done: Done<Result>) => void,
  limits?: AwaitOptions,
): Promise<Result> {
  if (limits === undefined) {
    const { promise, resolve, reject } = kernelOf(skynet).suspend<Result>();
    try {
      start((failure, result) => (failure === undefined ? resolve(result as Result) : reject(failure)));
    } catch (error) {
      reject(error);
    }
    return promise;
  }
  return skynet.await(
    new Promise<Result>((resolve, reject) => {
      start((failure, result) => (failure === undefined ? resolve(result as Result) : reject(failure)));
    }),
    limits,
  );
}
