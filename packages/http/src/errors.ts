import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes this package adds to those of `@skynet/core`. */
export type HttpErrorCode =
  /** What came is no HTTP/1.x message; `details.status` is what a server answers to it. */
  | 'ERR_HTTP_MESSAGE'
  /** A request line and header fields above the limit. */
  | 'ERR_HTTP_HEAD_LIMIT'
  /** A body above the limit. */
  | 'ERR_HTTP_BODY_LIMIT'
  /** A body that broke off. */
  | 'ERR_HTTP_BODY'
  /** A body that is being read, or was read, by somebody else. */
  | 'ERR_HTTP_BODY_USED'
  /** A name or value that cannot stand in a header, a method or a target. */
  | 'ERR_HTTP_HEADER'
  /** An answer that cannot be sent: a status that is none, a body of the wrong kind or length. */
  | 'ERR_HTTP_REPLY'
  /** A path or query that cannot be decoded, or a URL that cannot be used. */
  | 'ERR_HTTP_URL'
  /** The connection broke, or was closed, in the middle (`sockethelper.socketError`). */
  | 'ERR_HTTP_SOCKET'
  /** A request of the pooled client failed; the library's error is the cause. */
  | 'ERR_HTTP_CLIENT'
  /** More requests of the pooled client than it may have under way. */
  | 'ERR_HTTP_BUSY'
  /** A WebSocket id that is none, or not of this service. */
  | 'ERR_WEBSOCKET_ID'
  /** A handshake that was refused; `details.status` is the answer. */
  | 'ERR_WEBSOCKET_HANDSHAKE'
  /** The peer has broken RFC 6455; `details.closeCode` is what it is told. */
  | 'ERR_WEBSOCKET_PROTOCOL'
  /** Nothing came from the peer between two pings of `heartbeat`. */
  | 'ERR_WEBSOCKET_SILENT'
  /** A frame or message above the limit. */
  | 'ERR_WEBSOCKET_LIMIT'
  /** A message, close code or reason that cannot be sent. */
  | 'ERR_WEBSOCKET_DATA';

/** An error of this package, or one of the kernel's codes. */
export function httpError(
  code: HttpErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}

/** An error for which a server answers with a status. */
export function statusError(
  status: number,
  code: HttpErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return httpError(code, message, { ...options, details: { ...options?.details, status } });
}

/** The status that an error stands for, undefined if it stands for none. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof SkynetError) || !/^ERR_HTTP_/.test(error.code)) return undefined;
  const status: unknown = error.details?.['status'];
  return typeof status === 'number' ? status : undefined;
}
