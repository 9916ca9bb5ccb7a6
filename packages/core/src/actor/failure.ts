import { errorFromData, errorToData, markTold, toldOf } from '../codec/error.ts';
import { type ErrorCode, isSkynetError, SkynetError, type SkynetErrorOptions } from '../errors.ts';
import { formatHandle, type Handle, harborOf } from '../handle.ts';
import { printable } from '../log/printable.ts';
import { stackOf, userFrames, withoutFrames } from '../stack.ts';

/** Longest text that is taken as it is. */
const MAX_TEXT = 128 * 1024;
/** Causes of causes beyond this are not shown; ends circles too. */
const MAX_CAUSES = 8;

/**
 * Text of anything thrown, for one entry of the log. What it began with comes first, then service by service who called,
 * each with the frames of its own code; what the log has already is left out.
 */
export function describe(thrown: unknown): string {
  try {
    if (!(thrown instanceof Error)) return errorToData(thrown).message;
    const text = tell(thrown);
    if (text.length <= MAX_TEXT) return text;
  } catch {
    // It throws when it is looked at: its data do not. So does its text when it is far too long.
  }
  try {
    return tell(errorFromData(errorToData(thrown)));
  } catch {
    return `something that cannot be shown (${typeof thrown})`;
  }
}

function tell(thrown: Error): string {
  const links = chainOf(thrown);
  const lines: string[] = [];
  const shown = new Set<string>();
  for (let place = 0; place < links.length; place++) {
    const first = place;
    const before = links[first - 1];
    const isPassed = before !== undefined && passedOn(links[first] as Error, before);
    if (!isPassed) while (retold(links[place + 1], links[place] as Error)) place++;
    const last = links[place] as Error;
    const frames = links.slice(first, place + 1).flatMap((error) => newFrames(error, shown));
    if (isPassed) lines.push(`  in ${serviceOf(last)}${frames.length === 0 ? '' : ', called by'}`);
    else lines.push((before === undefined ? '' : 'led to ') + headLine(last));
    lines.push(...frames);
  }
  // A fault of the framework's, or of something that runs without a service.
  if (shown.size === 0 && !isSkynetError(thrown)) lines.push(...stackOf(links[0] as Error).frames);
  return lines.join('\n');
}

/** The frames of an error that were not shown yet. */
function newFrames(error: Error, shown: Set<string>): string[] {
  const frames = userFrames(stackOf(error).frames).filter((frame) => !shown.has(frame));
  for (const frame of frames) shown.add(frame);
  return frames;
}

/** An error and its causes, the innermost first; those that the log has are left out. */
function chainOf(thrown: Error): Error[] {
  const links = [thrown];
  let { cause } = thrown;
  while (links.length <= MAX_CAUSES && cause !== undefined && cause !== null && toldOf(cause) !== 'logged') {
    const link = cause instanceof Error ? cause : errorFromData(errorToData(cause));
    links.push(link);
    cause = link.cause;
  }
  return links.reverse();
}

/** Whether an error is what the caller got for another one. */
function passedOn(error: Error, cause: Error): boolean {
  return error.message === callFailed(cause.message) && serviceOf(error) !== undefined;
}

/** Whether an error tells in its own words what another one says. */
function retold(error: Error | undefined, cause: Error): boolean {
  if (error === undefined || cause.message === '' || passedOn(error, cause)) return false;
  return error.message.includes(cause.message);
}

function serviceOf(error: Error): unknown {
  return isSkynetError(error) ? error.details?.service : undefined;
}

/** `SkynetError: text (ERR_CODE)`, with what else stands in front of the frames. */
function headLine(error: Error): string {
  const { head } = stackOf(error);
  const text = head.includes(error.message) ? head : `${error.name}: ${error.message}`;
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return text;
  const logger = loggedBy(error);
  if (logger === undefined) return text.includes(code) ? text : `${text} (${code})`;
  // Of several lines the others stand there.
  return `${text.split('\n', 1)[0]} (${code}, logged by ${String(logger)})`;
}

/** The service that has logged what an error is about. */
function loggedBy(error: Error): unknown {
  const isLogged = error.cause === undefined ? toldOf(error) === 'passed' : toldOf(error.cause) === 'logged';
  return isLogged ? serviceOf(error) : undefined;
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
  const failure = failedWait(isCoded ? cause.code : 'ERR_REMOTE', callFailed(cause.message), {
    cause,
    details: { ...(isCoded ? cause.details : {}), service: formatHandle(service) },
  });
  if (toldOf(cause) !== undefined) markTold(failure, 'passed');
  return failure;
}

/**
 * A failure for a task that waits, made by other code than its own: it has no frames until the task goes on, and then
 * has the task's.
 */
export function failedWait(code: ErrorCode, text: string, options?: SkynetErrorOptions): SkynetError {
  return withoutFrames(() => new SkynetError<string>(code, text, options));
}

/** What calls to a node get that is lost. */
export function nodeLostFailure(service: Handle): SkynetError {
  const harbor = harborOf(service);
  return failedWait(
    'ERR_NODE_LOST',
    `call failed: node ${harbor} is lost, and ${formatHandle(service)} with it`,
    {
      details: { harbor, service: formatHandle(service) },
    },
  );
}

/** What calls end with that were made for a request which was given up. */
export function cancelledFailure(): SkynetError {
  return failedWait('ERR_ABORTED', 'call failed: whoever it was made for has given up');
}

/** What the caller of a request gets that found no room, or had to make room. */
export function overloadedFailure(service: Handle): SkynetError {
  return failedWait('ERR_OVERLOADED', `call failed: ${formatHandle(service)} has too many messages waiting`, {
    details: { service: formatHandle(service) },
  });
}

/** What the callers of a service get that ended before it answered. */
export function goneFailure(service: Handle): SkynetError {
  return failedWait('ERR_SERVICE_GONE', `call failed: ${formatHandle(service)} ended before it answered`, {
    details: { service: formatHandle(service) },
  });
}

/** What is no address at all. @throws ERR_ADDRESS_INVALID. */
export function invalidAddress(address: unknown): never {
  const kind = address === null || address === undefined ? 'nil' : typeof address;
  const text =
    address === 0
      ? 'Invalid service address 0'
      : `dest address type (${kind}) must be a string or number: ${printable(address)}`;
  throw new SkynetError('ERR_ADDRESS_INVALID', text);
}

/** A call was given up by its signal. */
export function abortedFailure(signal: AbortSignal): SkynetError {
  return failedWait('ERR_ABORTED', 'call failed: aborted by its signal', { cause: signal.reason });
}

/** An address that nobody has. */
export function noService(address: string): SkynetError {
  return new SkynetError('ERR_NO_SERVICE', `call to invalid address ${address}`, {
    details: { service: address },
  });
}

/** @throws ERR_ARGUMENT. */
export function mustBeFunction(work: unknown): void {
  if (typeof work !== 'function')
    throw new SkynetError('ERR_ARGUMENT', `a function is needed, not ${printable(work)}`);
}
