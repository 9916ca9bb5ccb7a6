import { type Bytes, bytesOf } from './bytes.ts';
import { cryptError } from './errors.ts';

const decoder = new TextDecoder();
const DIGITS = new TextEncoder().encode('0123456789abcdef');
const VALUES = new Int8Array(256).fill(-1);
DIGITS.forEach((code, value) => {
  VALUES[code] = value;
});

/** The bytes as hex digits, lower case. */
export function hexencode(data: Bytes): string {
  const bytes = bytesOf(data, 'data');
  const codes = new Uint8Array(bytes.length * 2);
  let at = 0;
  for (const byte of bytes) {
    codes[at++] = DIGITS[byte >>> 4] as number;
    codes[at++] = DIGITS[byte & 15] as number;
  }
  return decoder.decode(codes);
}

/**
 * The bytes of hex text. Lower case only, as in the original, whose slip of taking `g` for 16 is not repeated.
 *
 * @throws `ERR_CRYPT_HEX` for an odd number of digits or any other character.
 */
export function hexdecode(text: Bytes): Uint8Array {
  const codes = bytesOf(text, 'text');
  if (codes.length % 2 !== 0) throw cryptError('ERR_CRYPT_HEX', `Invalid hex text size ${codes.length}`);
  const bytes = new Uint8Array(codes.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const value =
      ((VALUES[codes[i * 2] as number] as number) << 4) | (VALUES[codes[i * 2 + 1] as number] as number);
    if (value < 0) throw cryptError('ERR_CRYPT_HEX', 'Invalid hex text');
    bytes[i] = value;
  }
  return bytes;
}
