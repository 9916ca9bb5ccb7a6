import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes this package adds to those of `@skynet/core`. */
export type SocketErrorCode =
  /** The id is not a socket, or this service has not started it (`invalid socket`). */
  | 'ERR_SOCKET_ID'
  /** The id is started in this service already (`socket is not closed`). */
  | 'ERR_SOCKET_STARTED'
  /** Another task of the service waits on the socket, and what is buffered does not satisfy this one too. */
  | 'ERR_SOCKET_BUSY'
  /** More bytes than the reader's limit came in, or were asked for. */
  | 'ERR_SOCKET_OVERFLOW'
  /** More bytes than the write limit wait to be sent. */
  | 'ERR_SOCKET_BACKLOG'
  /** Nothing came or went for the idle time. */
  | 'ERR_SOCKET_IDLE'
  /** Nobody started the id within the hand-over time. */
  | 'ERR_SOCKET_UNCLAIMED'
  /** Not something that can be written: neither text, bytes, a number, nor a list of these. */
  | 'ERR_SOCKET_DATA'
  /** A host name the resolver does not know. */
  | 'ERR_SOCKET_LOOKUP'
  /** The operation does not fit the kind of socket: reading from a listener, `sendTo` over TCP. */
  | 'ERR_SOCKET_KIND'
  /** A file descriptor that cannot be wrapped. */
  | 'ERR_SOCKET_DESCRIPTOR'
  /** None of a channel's hosts could be connected to; `cause` is why the last one could not. */
  | 'ERR_CHANNEL_CONNECT'
  /** A channel's connection was lost before the answer had come. */
  | 'ERR_CHANNEL_LOST'
  /** The channel is closed. */
  | 'ERR_CHANNEL_CLOSED'
  /** The response function said that the answer is a failure. */
  | 'ERR_CHANNEL_REFUSED'
  /** The response function failed at another answer, so that the connection had to be given up. */
  | 'ERR_CHANNEL_READER'
  /** An answer of that session is still to come. */
  | 'ERR_CHANNEL_SESSION'
  /** As many requests wait as the channel takes. */
  | 'ERR_CHANNEL_FULL'
  /** A text that is no host name. */
  | 'ERR_DNS_NAME'
  /** A name without addresses, or nobody answers; `details.reason` tells which. */
  | 'ERR_DNS_NO_ANSWER'
  /** No name server is known. */
  | 'ERR_DNS_SERVER'
  /** As many names are asked for as may be. */
  | 'ERR_DNS_BUSY';

/** An error of this package, or one of the kernel's codes. */
export function socketError(
  code: SocketErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}
