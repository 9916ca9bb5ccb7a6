import { setMaxListeners } from 'node:events';
import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';

/**
 * Listens for the abort of a signal. One signal may limit thousands of calls at a time, which is no leak: the host does not
 * warn of that. Returns a function that stops listening.
 */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  mustBeSignal(signal);
  setMaxListeners(0, signal);
  signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}

/** @throws ERR_ARGUMENT. */
export function mustBeSignal(signal: unknown): asserts signal is AbortSignal {
  if (!(signal instanceof AbortSignal))
    throw new SkynetError('ERR_ARGUMENT', `a signal is an AbortSignal, not ${printable(signal)}`);
}
