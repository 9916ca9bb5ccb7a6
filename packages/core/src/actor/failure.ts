import { errorFromData, errorToData } from '../codec/error.ts';
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

const PREFIX = 'call failed: ';

/** The original's words in front of what went wrong, once, however many services the failure has passed through. */
export function callFailed(text: string): string {
  return text.startsWith(PREFIX) ? text : `${PREFIX}${text}`;
}

/** The reason in the text of a failed call. */
export function reasonIn(text: string): string {
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
}

/**
 * What a caller gets for something thrown by the service it called: the code of the original if it had one, else
 * `ERR_REMOTE`; the original by value, with its stack, as `cause`; where it happened in `details.service`.
 */
export function remoteFailure(thrown: unknown, service: Handle): SkynetError {
  const cause = errorFromData(errorToData(thrown));
  const isCoded = cause instanceof SkynetError;
  return new SkynetError(isCoded ? cause.code : 'ERR_REMOTE', callFailed(cause.message), {
    cause,
    details: { ...(isCoded ? cause.details : {}), service: formatHandle(service) },
  });
}

/** What the callers of a service get that ended before it answered. */
export function goneFailure(service: Handle): SkynetError {
  return new SkynetError(
    'ERR_SERVICE_GONE',
    `call failed: ${formatHandle(service)} ended before it answered`,
    {
      details: { service: formatHandle(service) },
    },
  );
}
