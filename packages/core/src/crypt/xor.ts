import { type Bytes, bytesOf } from './bytes.ts';
import { cryptError } from './errors.ts';

/**
 * The text with each byte combined with the key's, which is repeated; the same again gives the text back. The
 * original's `xor_str`.
 *
 * @throws `ERR_CRYPT_XOR_KEY` if the key is empty.
 */
export function xorStr(text: Bytes, key: Bytes): Uint8Array {
  const bytes = bytesOf(text, 'text');
  const mask = bytesOf(key, 'key');
  if (mask.length === 0) throw cryptError('ERR_CRYPT_XOR_KEY', "Can't xor empty string");
  const result = new Uint8Array(bytes.length);
  for (let i = 0, k = 0; i < bytes.length; i++) {
    result[i] = (bytes[i] as number) ^ (mask[k] as number);
    if (++k === mask.length) k = 0;
  }
  return result;
}
