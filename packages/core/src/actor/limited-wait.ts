import type { AwaitOptions } from '../contracts/task.ts';
import { toMilliseconds } from '../duration.ts';
import type { SkynetError } from '../errors.ts';
import { onAbort } from './abort-listener.ts';
import { failedWait } from './failure.ts';
import type { Pending } from './pending.ts';
import type { Service } from './service.ts';
import { Timer } from './timer.ts';

/** Lets a wait end early, by time or by a signal; begins the work it waits for if that is a function. */
export function limited<Result>(
  service: Service,
  pending: Pending,
  foreign: PromiseLike<Result> | ((signal: AbortSignal) => PromiseLike<Result>),
  { timeout = 0, signal }: AwaitOptions = {},
): PromiseLike<Result> {
  const milliseconds = toMilliseconds(timeout);
  const controller = typeof foreign === 'function' ? new AbortController() : undefined;
  const giveUp = (error: SkynetError): void => void service.settle(pending, error, true);
  const abort = (): void =>
    giveUp(failedWait('ERR_ABORTED', 'given up: aborted by its signal', { cause: signal?.reason }));
  const forgetSignal = signal === undefined || signal?.aborted === true ? undefined : onAbort(signal, abort);
  // Runs when the task goes on, and when the service ends before that.
  pending.conditions.forget = () => {
    forgetSignal?.();
    if (!pending.settled || pending.failed) controller?.abort(pending.outcome);
  };
  if (milliseconds > 0) {
    const late = (): void => giveUp(failedWait('ERR_TIMEOUT', `not done within ${milliseconds} ms`));
    pending.conditions.timer = service.startTimer(new Timer(service, late), milliseconds);
  }
  if (milliseconds < 0) giveUp(failedWait('ERR_TIMEOUT', 'no time is left to wait'));
  if (signal?.aborted) abort();
  if (typeof foreign !== 'function') return foreign;
  return foreign((controller as AbortController).signal);
}
