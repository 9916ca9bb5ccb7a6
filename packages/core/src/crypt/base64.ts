import { type Bytes, bytesOf } from './bytes.ts';
import { cryptError } from './errors.ts';

const decoder = new TextDecoder();
const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d;
/** What a byte stands for: 0 to 63, or one of the two below. */
const VALUES = new Uint8Array(256).fill(0xff);
const PADDING = 0xfe;
const SKIPPED = 0xff;
ALPHABET.forEach((code, value) => {
  VALUES[code] = value;
});
VALUES[PAD] = PADDING;

/** Standard base64 (RFC 4648), padded. */
export function base64encode(data: Bytes): string {
  const bytes = bytesOf(data, 'data');
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    codes[at++] = ALPHABET[group >>> 18] as number;
    codes[at++] = ALPHABET[(group >>> 12) & 63] as number;
    codes[at++] = ALPHABET[(group >>> 6) & 63] as number;
    codes[at++] = ALPHABET[group & 63] as number;
  }
  if (i < bytes.length) {
    const two = i + 1 < bytes.length;
    const group = ((bytes[i] as number) << 16) | (two ? (bytes[i + 1] as number) << 8 : 0);
    codes[at++] = ALPHABET[group >>> 18] as number;
    codes[at++] = ALPHABET[(group >>> 12) & 63] as number;
    codes[at++] = two ? (ALPHABET[(group >>> 6) & 63] as number) : PAD;
    codes[at] = PAD;
  }
  return decoder.decode(codes);
}

/**
 * The bytes of base64 text, as lenient as the original: what is neither of the alphabet nor `=` is skipped, missing
 * `=` at the end are allowed, and text goes on after a padded group.
 *
 * @throws `ERR_CRYPT_BASE64` if a group of four has `=` in its first half or before another character, if bits left
 * over are not 0, or if what is skipped comes after a complete last group (so a trailing line break is an error).
 */
export function base64decode(text: Bytes): Uint8Array {
  const codes = bytesOf(text, 'text');
  const bytes = new Uint8Array(Math.ceil(codes.length / 4) * 3);
  let length = 0;
  let i = 0;
  while (i < codes.length) {
    let group = 0;
    let symbols = 0;
    let pads = 0;
    while (symbols + pads < 4) {
      const value = i < codes.length ? (VALUES[codes[i++] as number] as number) : PADDING;
      if (value === SKIPPED) continue;
      if (value === PADDING) {
        pads++;
      } else if (pads > 0) {
        throw cryptError('ERR_CRYPT_BASE64', 'Invalid base64 text');
      } else {
        group = (group << 6) | value;
        symbols++;
      }
    }
    const rest = pads * 2;
    if (pads > 2 || (group & ((1 << rest) - 1)) !== 0)
      throw cryptError('ERR_CRYPT_BASE64', 'Invalid base64 text');
    group <<= pads * 6;
    bytes[length] = group >>> 16;
    bytes[length + 1] = group >>> 8;
    bytes[length + 2] = group;
    length += 3 - pads;
  }
  return length === bytes.length ? bytes : bytes.slice(0, length);
}
