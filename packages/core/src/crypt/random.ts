import { cryptError } from './errors.ts';

/**
 * 8 random bytes, never all 0: a private key for `dhexchange`, or a challenge. From the host's secure generator
 * (`globalThis.crypto`), where the original uses a plain one.
 *
 * @throws `ERR_CRYPT_RANDOM` if the host has none.
 */
export function randomkey(): Uint8Array {
  const source: typeof globalThis.crypto | undefined = globalThis.crypto;
  if (typeof source?.getRandomValues !== 'function') {
    throw cryptError('ERR_CRYPT_RANDOM', 'The host has no crypto.getRandomValues');
  }
  const key = source.getRandomValues(new Uint8Array(8));
  // The original's way of keeping 0 out.
  if (key.reduce((all, byte) => all ^ byte) === 0) key[0] = (key[0] as number) | 1;
  return key;
}
