import { cryptError } from './errors.ts';

const KEY = 8;
/** Bytes asked of the host at a time: asking takes longer than all else. */
const POOL = 32 * KEY;

const pool = new Uint8Array(POOL);
/** The next bytes of it that were not given away. */
let at = POOL;
/** Where they are from. */
let asked: typeof globalThis.crypto | undefined;

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
  if (source !== asked || at === POOL) {
    source.getRandomValues(pool);
    asked = source;
    at = 0;
  }
  const key = pool.slice(at, at + KEY);
  // Nobody is to find it here once it has been given away.
  pool.fill(0, at, at + KEY);
  at += KEY;
  // The original's way of keeping 0 out.
  if (key.reduce((all, byte) => all ^ byte) === 0) key[0] = (key[0] as number) | 1;
  return key;
}
