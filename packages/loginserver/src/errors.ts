/** Codes this package adds to those of `@skynet/core`. */
export type LoginErrorCode =
  /** A server has not shown that it owns the key that the client has pinned. */
  'ERR_LOGIN_SERVER';
