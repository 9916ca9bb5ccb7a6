import vm from 'node:vm';
import { snaxError } from './errors.ts';

/** Milliseconds that a patch may take to be loaded: an endless loop in it would hold the thread. */
const LOAD_LIMIT = 1000;

const WORK = Symbol.for('@skynet/snax work');

/** Runs work that is ended when it takes too long. */
export function within<Result>(work: () => Result): Result {
  const holder = globalThis as unknown as Record<symbol, unknown>;
  const before = holder[WORK];
  holder[WORK] = work;
  try {
    return RUN.runInThisContext({ timeout: LOAD_LIMIT }) as Result;
  } finally {
    holder[WORK] = before;
  }
}

const RUN = new vm.Script("globalThis[Symbol.for('@skynet/snax work')]()");

/** Why a patch could not be loaded: what it threw. */
export function loadFailure(origin: string, error: unknown): Error {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (code === 'ERR_PATCH_LOCAL') return error as Error;
  const reason =
    code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
      ? `it took longer than ${LOAD_LIMIT} ms`
      : error instanceof Error
        ? error.message
        : String(error);
  const line = lineOf(error);
  const where = line === undefined ? '' : `patch:${line}: `;
  return snaxError('ERR_PATCH_LOAD', `patch ${origin} failed while it was loaded: ${where}${reason}`, {
    cause: error,
    ...(line === undefined ? {} : { details: { line } }),
  });
}

/** What stacks call a patch that is text. */
export const PATCH_NAME = 'patch';

/** The line of a patch that is text where something was thrown, if it was there. */
export function lineOf(error: unknown): number | undefined {
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  const [, line] = /(?:\(|at )patch:(\d+):\d+/.exec(typeof stack === 'string' ? stack : '') ?? [];
  return line === undefined ? undefined : Number(line);
}
