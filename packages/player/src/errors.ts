import { type KernelErrorCode, SkynetError, type SkynetErrorOptions } from '@skynet/core';

/** Codes this package adds to those of `@skynet/core`. What clients are told is among {@link REFUSALS}. */
export type PlayerErrorCode =
  /** The body of a request is no CBOR, or no request. */
  | 'ERR_PLAYER_MALFORMED'
  /** There is no such request; `details.meant` is the nearest that there is. */
  | 'ERR_PLAYER_UNKNOWN'
  /** The input is not what the request's schema wants; `details.issues`. */
  | 'ERR_PLAYER_INPUT'
  /** More requests than the player's `rate` and `burst` allow. */
  | 'ERR_PLAYER_FLOOD'
  /** The handler failed with an error that is none of the player's business; the log has it. */
  | 'ERR_PLAYER_FAILED'
  /** A request, an answer or a push above the limit; `details.size`, `details.limit`. */
  | 'ERR_PLAYER_TOO_LARGE'
  /** No seat is free. */
  | 'ERR_ROOM_FULL'
  /** The room has ended, or does not take players any more. */
  | 'ERR_ROOM_CLOSED'
  /** Who has called a command of a room is no member. */
  | 'ERR_ROOM_MEMBER';

/** Codes that a client is told with text and details, whatever the player declares. */
export const REFUSALS: ReadonlySet<string> = new Set<PlayerErrorCode>([
  'ERR_PLAYER_MALFORMED',
  'ERR_PLAYER_UNKNOWN',
  'ERR_PLAYER_INPUT',
  'ERR_PLAYER_FLOOD',
  'ERR_PLAYER_TOO_LARGE',
  'ERR_ROOM_FULL',
  'ERR_ROOM_CLOSED',
]);

/** An error of this package, or one of the kernel's codes. */
export function playerError(
  code: PlayerErrorCode | KernelErrorCode,
  message: string,
  options?: SkynetErrorOptions,
): SkynetError {
  return new SkynetError<typeof code>(code, message, options);
}
