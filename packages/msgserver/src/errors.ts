import {
  isSkynetError,
  type KernelErrorCode,
  printable,
  SkynetError,
  type SkynetErrorOptions,
} from '@skynet/core';

/** Codes this package adds to those of `@skynet/core`. */
export type MsgErrorCode =
  /** No user is logged in under that name. */
  | 'ERR_MSG_USER'
  /** A user is logged in under that name already. */
  | 'ERR_MSG_USER_EXISTS'
  /** A text that is no login name. */
  | 'ERR_MSG_USERNAME'
  /** The message server was not opened, so it has no name yet. */
  | 'ERR_MSG_NOT_OPEN';

/** An error of this package, or one of the kernel's codes. */
export function msgError(
  code: MsgErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

/** An error that says which handler failed for whom; code and details stay. */
export function handlerError(handler: string, uid: unknown, thrown: Error): Error {
  const { code = 'ERR_REMOTE', details } = isSkynetError(thrown) ? thrown : {};
  const message = `${handler} failed for ${printable(uid)}: ${thrown.message}`;
  const error = new SkynetError<string>(
    code,
    message,
    details === undefined ? { cause: thrown } : { cause: thrown, details },
  );
  // Where is told by the cause.
  error.stack = `${error.name}: ${message}`;
  return error;
}
