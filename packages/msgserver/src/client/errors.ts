/** What can go wrong in the client; callers branch on these. */
export type ClientErrorCode =
  /** An option or argument that cannot be used. */
  | 'ERR_CLIENT_ARGUMENT'
  /** No connection could be made in time; `cause` says why the last attempt failed. */
  | 'ERR_CLIENT_CONNECT'
  /** The login server refused: `details.status` is 400, 401, 403 or 406. */
  | 'ERR_CLIENT_LOGIN'
  /** The message server refused the handshake: `details.status` is 400, 401, 403 or 404. Log in again. */
  | 'ERR_CLIENT_REFUSED'
  /** The server does not speak the protocol, or is not the one whose key is pinned. */
  | 'ERR_CLIENT_SERVER'
  /** The server's handler failed; asking again would run it again. */
  | 'ERR_CLIENT_REQUEST'
  /** No answer in time. The server may have worked on the request. */
  | 'ERR_CLIENT_TIMEOUT'
  /** Given up through an AbortSignal. The server may have worked on the request. */
  | 'ERR_CLIENT_ABORTED'
  /** The client was closed. */
  | 'ERR_CLIENT_CLOSED'
  /** A request above 65531 bytes; `details.size`, `details.limit`. */
  | 'ERR_CLIENT_TOO_LARGE'
  /** Too many requests wait for their turn; `details.limit`. */
  | 'ERR_CLIENT_BUSY';

/** What may accompany an error. */
export interface ClientErrorOptions {
  /** What led to it. */
  cause?: unknown;
  /** Plain data for programs. */
  details?: Readonly<Record<string, unknown>>;
}

/** An error of the client. */
export class ClientError extends Error {
  /** What callers branch on; see the table of errors. */
  readonly code: ClientErrorCode;
  /** Plain data for programs; undefined if there are none. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ClientErrorCode, message: string, options?: ClientErrorOptions) {
    super(message, options !== undefined && 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options?.details;
  }

  override get name(): string {
    return 'ClientError';
  }
}

/** What a server may put into the text of an error, in characters. */
const SHOWN = 80;
/** Control characters, halves of characters, ends of lines, and marks that turn the direction of text. */
const UNSHOWN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** What a server sent, fit for the text of an error: on one line, cut, and no command for a terminal. */
export function shown(text: string): string {
  return text
    .slice(0, SHOWN)
    .replace(UNSHOWN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
