import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes this package adds to those of `@skynet/core`. */
export type RedisErrorCode =
  /** No connection came about: nobody listens, no answer in time, the server refused the login or the database. */
  | 'ERR_REDIS_CONNECT'
  /** The connection was lost while an answer was awaited: the command may have been done or not. */
  | 'ERR_REDIS_LOST'
  /** The server answered with an error; `details.kind` is its first word. */
  | 'ERR_REDIS_REPLY'
  /** Too many requests wait already. Nothing was sent. */
  | 'ERR_REDIS_BUSY'
  /** The connection was closed. */
  | 'ERR_REDIS_CLOSED'
  /** A value that no argument can be. Nothing was sent. */
  | 'ERR_REDIS_ARGUMENT'
  /** A command that a cluster has no node for, or one whose keys are on several. Nothing was sent. */
  | 'ERR_REDIS_DISPATCH';

/** An error of this package, or one of the kernel's codes. */
export function redisError(
  code: RedisErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

/** What the server said, as the error a caller gets. */
export function replyError(message: string): SkynetError {
  return redisError('ERR_REDIS_REPLY', message, { details: { kind: /^\S*/.exec(message)?.[0] ?? '' } });
}

/** Whether an error is the server's answer. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
