import { cryptError } from './errors.ts';

const SIZE = 8;
/** Bytes that are asked of the host at once: that costs about as much as one key. */
const AT_ONCE = 64 * SIZE;

/** What the host has given and nobody has been given yet. */
class Supply {
  readonly source: typeof globalThis.crypto;
  readonly #bytes = new Uint8Array(AT_ONCE);
  #at = AT_ONCE;

  constructor(source: typeof globalThis.crypto) {
    this.source = source;
  }

  /** The next bytes; they are kept nowhere else. */
  take(): Uint8Array {
    if (this.#at === AT_ONCE) {
      this.source.getRandomValues(this.#bytes);
      this.#at = 0;
    }
    const end = this.#at + SIZE;
    const key = this.#bytes.slice(this.#at, end);
    this.#bytes.fill(0, this.#at, end);
    this.#at = end;
    return key;
  }
}

let supply: Supply | undefined;

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
  if (supply?.source !== source) supply = new Supply(source);
  const key = supply.take();
  // The original's way of keeping 0 out.
  let all = 0;
  for (const byte of key) all ^= byte;
  if (all === 0) key[0] = (key[0] as number) | 1;
  return key;
}
