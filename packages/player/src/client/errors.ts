/** What can go wrong at a client, besides the codes that a player declares and those the server refuses with. */
export type PlayerClientErrorCode =
  /** An option or argument that cannot be used. */
  | 'ERR_PLAYER_ARGUMENT'
  /** No answer in time. The server may have worked on the request. */
  | 'ERR_PLAYER_TIMEOUT'
  /** Given up through an AbortSignal. The server may have worked on the request. */
  | 'ERR_PLAYER_ABORTED'
  /** The login was made anew while the request was under way: the server may have worked on it, or not. */
  | 'ERR_PLAYER_LOST'
  /** The server has ended the login; `details.reason` says why. */
  | 'ERR_PLAYER_KICKED'
  /** The client was closed, or has failed. */
  | 'ERR_PLAYER_CLOSED'
  /** Too many requests wait; `details.limit`. */
  | 'ERR_PLAYER_BUSY'
  /** The server does not speak the protocol. */
  | 'ERR_PLAYER_SERVER'
  /** No connection, or no login, in time. */
  | 'ERR_PLAYER_CONNECT';

/** What may accompany an error. */
export interface PlayerErrorOptions {
  /** What led to it. */
  readonly cause?: unknown;
  /** Plain data for programs. */
  readonly details?: unknown;
}

/** An error of a request or of the client: `code` is one of the player's own, or of the README's table. */
export class PlayerError<Code extends string = string> extends Error {
  /** One of the client's, or one that the player declares. */
  readonly code: Code;
  /** Plain data for programs; undefined if there are none. */
  readonly details: unknown;

  constructor(code: Code, message: string, options: PlayerErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
  }

  override get name(): string {
    return 'PlayerError';
  }
}

/** One of the client's own. */
export function clientError(
  code: PlayerClientErrorCode,
  message: string,
  options?: PlayerErrorOptions,
): PlayerError {
  return new PlayerError(code, message, options);
}
