const KEY = 8;
/** Asked of the host at a time: a single key takes it ten times as long as a share of many, which counts in a server. */
const pool = new Uint8Array(32 * KEY);
/** The next bytes of it that were not given away. */
let at: number = pool.length;

/** 8 random bytes, never all 0, as `randomkey` of `@skynet/core/crypt` makes them. */
export function freshKey(): Uint8Array {
  if (at === pool.length) {
    globalThis.crypto.getRandomValues(pool);
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
