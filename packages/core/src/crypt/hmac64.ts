import { type Bytes, eightBytes, eightBytesOf, readWord } from './bytes.ts';
import { hashkey } from './hashkey.ts';
import { MD5_START, md5, md5Steps } from './md5.ts';

const words = new Int32Array(16);

function keyedSteps(x: Uint8Array, y: Uint8Array): Uint8Array {
  for (let i = 0; i < 16; i += 4) {
    words[i] = readWord(x, 4);
    words[i + 1] = readWord(x, 0);
    words[i + 2] = readWord(y, 4);
    words[i + 3] = readWord(y, 0);
  }
  const [a, b, c, d] = md5Steps(words, MD5_START);
  return eightBytes(c ^ d, a ^ b);
}

/**
 * The original's own keyed hash of two 8-byte numbers, 8 bytes: proves at login that one knows the secret `y`, given
 * the challenge `x`. It is no HMAC (RFC 2104), only named so: one run of MD5's steps, folded in two.
 *
 * @throws `ERR_CRYPT_KEY_SIZE` if one of them has not 8 bytes.
 */
export function hmac64(x: Bytes, y: Bytes): Uint8Array {
  return keyedSteps(eightBytesOf(x, 'x', 'Invalid uint64 x'), eightBytesOf(y, 'y', 'Invalid uint64 y'));
}

/**
 * As `hmac64`, by way of a whole MD5: of `x y x y x y`, its two halves folded. The original's `hmac64_md5`.
 *
 * @throws `ERR_CRYPT_KEY_SIZE` if one of them has not 8 bytes.
 */
export function hmac64Md5(x: Bytes, y: Bytes): Uint8Array {
  const first = eightBytesOf(x, 'x', 'Invalid uint64 x');
  const second = eightBytesOf(y, 'y', 'Invalid uint64 y');
  const text = new Uint8Array(48);
  for (let at = 0; at < 48; at += 16) {
    text.set(first, at);
    text.set(second, at + 8);
  }
  const digest = md5(text);
  return digest.subarray(0, 8).map((byte, i) => byte ^ (digest[8 + i] as number));
}

/**
 * `hmac64(hashkey(text), key)`: a keyed hash of text. Mind the order of the arguments. The original's `hmac_hash`.
 *
 * @throws `ERR_CRYPT_KEY_SIZE` if the key has not 8 bytes.
 */
export function hmacHash(key: Bytes, text: Bytes): Uint8Array {
  const bytes = eightBytesOf(key, 'key', 'Invalid uint64 key');
  return keyedSteps(hashkey(text), bytes);
}
