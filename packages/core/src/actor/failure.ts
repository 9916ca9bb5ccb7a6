import { SkynetError } from '../errors.ts';
import { formatHandle, type Handle } from '../handle.ts';

/** Text and stack of anything thrown. */
export function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const head = `${thrown.name}: ${thrown.message}`;
  const stack = thrown.stack ?? head;
  const text = stack.includes(thrown.message) ? stack : `${head}\n${stack}`;
  return thrown.cause === undefined ? text : `${text}\ncaused by: ${describe(thrown.cause)}`;
}

/** A copy of something thrown, by value: nothing of the service that threw it stays reachable. */
function copyOf(thrown: unknown, depth: number): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  const code = (thrown as { code?: unknown }).code;
  const copy =
    typeof code === 'string'
      ? new SkynetError(code, thrown.message)
      : new Error(thrown.message);
  if (thrown.stack !== undefined) Object.defineProperty(copy, 'stack', { value: thrown.stack, configurable: true, writable: true });
  if (thrown.cause !== undefined && depth < 4) {
    Object.defineProperty(copy, 'cause', { value: copyOf(thrown.cause, depth + 1), configurable: true, writable: true });
  }
  return copy;
}

/**
 * What a caller gets for something thrown by the service it called: the code of the original if it had one, else
 * `ERR_REMOTE`; the original, with its stack, as `cause`; where it happened in `details.service`.
 */
export function remoteFailure(thrown: unknown, service: Handle): SkynetError {
  const cause = copyOf(thrown, 0);
  const code = cause instanceof SkynetError ? cause.code : 'ERR_REMOTE';
  const plain = thrown instanceof SkynetError && thrown.details !== undefined ? thrown.details : {};
  return new SkynetError(code, `call failed: ${cause.message}`, {
    cause,
    details: { ...plain, service: formatHandle(service) },
  });
}

/** What the callers of a service get that ended before it answered. */
export function goneFailure(service: Handle): SkynetError {
  return new SkynetError('ERR_SERVICE_GONE', `call failed: ${formatHandle(service)} ended before it answered`, {
    details: { service: formatHandle(service) },
  });
}
