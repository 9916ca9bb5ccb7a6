import type { SkynetError } from '@skynet/core';
import { playerError } from './errors.ts';
import { encodePush, encodeRefusal, MAX_BODY } from './wire.ts';

/** @throws ERR_PLAYER_TOO_LARGE, ERR_UNSERIALIZABLE. */
export function bodyOfPush(name: string, value: unknown): Uint8Array {
  let body: Uint8Array;
  try {
    body = encodePush(name, value);
  } catch (cause) {
    throw playerError('ERR_UNSERIALIZABLE', `the push ${name} cannot be sent: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (body.length > MAX_BODY) throw tooLarge('a push', body.length);
  return body;
}

/** What is thrown for a body above the limit. */
export function tooLarge(what: string, size: number): SkynetError {
  return playerError('ERR_PLAYER_TOO_LARGE', `${what} of ${size} bytes is above the limit of ${MAX_BODY}`, {
    details: { size, limit: MAX_BODY },
  });
}

/** A refusal, without its details where these cannot be sent. */
export function bodyOfRefusal(code: string, message: string, details: unknown): Uint8Array {
  try {
    const body = encodeRefusal(code, message, details);
    if (body.length <= MAX_BODY) return body;
  } catch {
    // Details that cannot be sent are left out.
  }
  return encodeRefusal(code, message.slice(0, 1000));
}
