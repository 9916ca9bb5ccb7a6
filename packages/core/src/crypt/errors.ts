import { SkynetError } from '../errors.ts';

/** What can be wrong with an argument of a crypt function. */
export type CryptErrorCode =
  /** Neither text nor bytes. */
  | 'ERR_CRYPT_ARGUMENT'
  /** A key or number that must have 8 bytes has not; `details.size` is what it has. */
  | 'ERR_CRYPT_KEY_SIZE'
  /** A Diffie-Hellman number that is 0. */
  | 'ERR_CRYPT_ZERO'
  /** A DES cipher text whose length is 0 or no multiple of 8; `details.size`. */
  | 'ERR_CRYPT_DES_SIZE'
  /** What DES gave back has no valid padding: another key, another padding, or damaged text. */
  | 'ERR_CRYPT_DES_TEXT'
  /** A padding mode that does not exist. */
  | 'ERR_CRYPT_PADDING'
  /** Text that is not base64. */
  | 'ERR_CRYPT_BASE64'
  /** Text that is not lower case hex of even length. */
  | 'ERR_CRYPT_HEX'
  /** `xorStr` with an empty key. */
  | 'ERR_CRYPT_XOR_KEY'
  /** The host has no source of secure random numbers. */
  | 'ERR_CRYPT_RANDOM';

/** The error of a crypt function; the texts are the original's where it has one. */
export function cryptError(
  code: CryptErrorCode,
  message: string,
  details?: Record<string, unknown>,
): SkynetError {
  return new SkynetError<CryptErrorCode>(code, message, details === undefined ? undefined : { details });
}
