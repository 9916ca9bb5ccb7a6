import { getSystemErrorName } from 'node:util';
import { type KernelErrorCode, SkynetError } from '../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  ECONNABORTED: 'Software caused connection abort',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EBADF: 'Bad file descriptor',
  EMSGSIZE: 'Message too long',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EMFILE: 'Too many open files',
  ENFILE: 'Too many open files in system',
};

/** The system's words for an error, as the original shows them. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error;
  return REASONS[first.code ?? ''] ?? first.message;
}

/** An error for a failure of the system; `details.reason` is its name (`ECONNRESET`). */
export function systemError(
  code: KernelErrorCode,
  cause: NodeJS.ErrnoException,
  address: string,
  prefix = '',
): SkynetError {
  const first = cause instanceof AggregateError ? (cause.errors[0] as NodeJS.ErrnoException) : cause;
  return new SkynetError(code, prefix + reasonOf(cause), { cause, details: { address, reason: first.code } });
}

/** The same from the number of a system error. */
export function numberedError(
  code: KernelErrorCode,
  number: number,
  address: string,
  prefix = '',
): SkynetError {
  const reason = getSystemErrorName(number);
  return new SkynetError(code, prefix + (REASONS[reason] ?? reason), { details: { address, reason } });
}

/** A connection broke: a number or an error of the system. */
export function wireError(error: number | NodeJS.ErrnoException, address: string): SkynetError {
  const code = 'ERR_CONNECTION_RESET';
  return typeof error === 'number' ? numberedError(code, error, address) : systemError(code, error, address);
}
