import { textOf } from '../codec/error.ts';
import type { CallGroup, CallOutcome, CallTarget } from '../contracts/call.ts';
import type { Skynet } from '../contracts/skynet.ts';
import { type Duration, toMilliseconds } from '../duration.ts';
import { isSkynetError, SkynetError } from '../errors.ts';
import type { Address } from '../handle.ts';
import { atCaller } from '../stack.ts';

/** A call that can be made, once, and given up. */
export interface PreparedCall {
  make(): Promise<readonly unknown[]>;
  giveUp(): void;
}

/** Several calls under way at once; outcomes come in the order of completion (`skynet.request`). */
export function createCallGroup(
  skynet: Skynet,
  prepare: (target: Address | CallTarget, type: string, values: unknown[]) => PreparedCall,
  timeout: Duration | undefined,
): CallGroup {
  if (timeout !== undefined) toMilliseconds(timeout);
  const calls: PreparedCall[] = [];
  let timedOut = false;
  return {
    get timedOut() {
      return timedOut;
    },
    add(target: Address | CallTarget, type: string, ...values: unknown[]) {
      calls.push(prepare(target, type, values));
      return calls.length - 1;
    },
    async *[Symbol.asyncIterator](): AsyncGenerator<CallOutcome> {
      const token = {};
      const outcomes: CallOutcome[] = [];
      let left = calls.length;
      calls.forEach((call, request) => {
        skynet.fork(async () => {
          try {
            outcomes.push({ request, ok: true, values: await call.make() });
          } catch (thrown) {
            const error = isSkynetError(thrown)
              ? thrown
              : new SkynetError('ERR_REMOTE', textOf(thrown), { cause: thrown });
            outcomes.push({ request, ok: false, error });
          }
          skynet.wakeup(token);
        });
      });
      const alarm =
        timeout === undefined
          ? undefined
          : skynet.timeout(timeout, () => {
              timedOut = left > 0;
              skynet.wakeup(token);
            });
      try {
        while (left > 0 && !timedOut) {
          const outcome = outcomes.shift();
          if (outcome === undefined) await skynet.wait(token);
          else {
            left--;
            if (!outcome.ok) atCaller(outcome.error);
            yield outcome;
          }
        }
      } finally {
        alarm?.cancel();
        // Ended before all answers came: the others are not waited for, nor kept in mind.
        for (const call of calls) call.giveUp();
      }
    },
  };
}
