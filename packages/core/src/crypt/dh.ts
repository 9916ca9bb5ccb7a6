import { type Bytes, eightBytes, eightBytesOf, readWord } from './bytes.ts';
import { cryptError } from './errors.ts';

/*
 * Arithmetic modulo P = 2^64 - 59 on three limbs of 22 bits (lowest first) in doubles: a column of a product stays
 * below 2^53, so everything is exact, and 2^66 is 4 * 59 = 236 modulo P, which folds the upper half back in.
 * A value between two steps is below 2^66 + 2^54, not below P; `toBytes` makes it so.
 */
type Limbs = Float64Array;
const LIMB = 2 ** 22;
const FOLD = 236;

/** The generator both sides agreed on. */
const GENERATOR = limbsOf(5, 0);

function limbsOf(low: number, high: number): Limbs {
  const [l, h] = [low >>> 0, high >>> 0];
  return Float64Array.of(l % LIMB, Math.floor(l / LIMB) + (h % 0x1000) * 0x400, Math.floor(h / 0x1000));
}

/** a = a * b modulo P. */
function multiply(a: Limbs, b: Limbs): void {
  const a0 = a[0] as number;
  const a1 = a[1] as number;
  const a2 = a[2] as number;
  const b0 = b[0] as number;
  const b1 = b[1] as number;
  const b2 = b[2] as number;
  let r0 = a0 * b0 + FOLD * (a1 * b2 + a2 * b1);
  let r1 = a0 * b1 + a1 * b0 + FOLD * (a2 * b2);
  let r2 = a0 * b2 + a1 * b1 + a2 * b0;
  let carry = Math.floor(r0 / LIMB);
  r0 -= carry * LIMB;
  r1 += carry;
  carry = Math.floor(r1 / LIMB);
  r1 -= carry * LIMB;
  r2 += carry;
  carry = Math.floor(r2 / LIMB);
  r2 -= carry * LIMB;
  r0 += carry * FOLD;
  carry = Math.floor(r0 / LIMB);
  a[0] = r0 - carry * LIMB;
  a[1] = r1 + carry;
  a[2] = r2;
}

function toBytes(value: Limbs): Uint8Array {
  const [v0, v1, v2] = [value[0] as number, value[1] as number, value[2] as number];
  let low = v0 + (v1 % 0x400) * LIMB;
  let high = Math.floor(v1 / 0x400) + v2 * 0x1000;
  // What lies above 64 bits counts 59 each; once it is folded in, at most one P is left to take away.
  for (let over = Math.floor(high / 2 ** 32); over > 0; over = Math.floor(high / 2 ** 32)) {
    high -= over * 2 ** 32;
    low += over * 59;
    const carry = Math.floor(low / 2 ** 32);
    low -= carry * 2 ** 32;
    high += carry;
  }
  if (atLeastP(low, high)) [low, high] = [low - 0xffff_ffc5, 0];
  return eightBytes(low, high);
}

function atLeastP(low: number, high: number): boolean {
  return high >>> 0 === 0xffff_ffff && low >>> 0 >= 0xffff_ffc5;
}

/** base ^ exponent modulo P, the exponent being `high` and `low`, not 0, and taken bit by bit from above. */
function power(base: Limbs, low: number, high: number): Uint8Array {
  const result = base.slice();
  let bit = high === 0 ? 31 - Math.clz32(low) : 63 - Math.clz32(high);
  while (--bit >= 0) {
    multiply(result, result);
    if (((bit >= 32 ? high >>> (bit - 32) : low >>> bit) & 1) === 1) multiply(result, base);
  }
  return toBytes(result);
}

/**
 * The public number to send to the other side: 5 ^ `key` modulo 2^64 - 59, numbers being 8 bytes, lowest first.
 * `key` is the private key, `randomkey()` makes one.
 *
 * @throws `ERR_CRYPT_KEY_SIZE` if the key has not 8 bytes, `ERR_CRYPT_ZERO` if it is 0.
 */
export function dhexchange(key: Bytes): Uint8Array {
  const bytes = eightBytesOf(key, 'key', 'Invalid dh uint64 key');
  const low = readWord(bytes, 0);
  const high = readWord(bytes, 4);
  if ((low | high) === 0) throw cryptError('ERR_CRYPT_ZERO', "Can't be 0");
  return power(GENERATOR, low, high);
}

/**
 * The secret that both sides come to: `exchanged` is the other side's public number (its `dhexchange`), `key` the own
 * private key. Takes longer for some keys than for others.
 *
 * @throws `ERR_CRYPT_KEY_SIZE` if one of them has not 8 bytes, `ERR_CRYPT_ZERO` if one is 0.
 */
export function dhsecret(exchanged: Bytes, key: Bytes): Uint8Array {
  const x = eightBytesOf(exchanged, 'exchanged', 'Invalid uint64 x');
  const y = eightBytesOf(key, 'key', 'Invalid uint64 y');
  const [xLow, xHigh, low, high] = [readWord(x, 0), readWord(x, 4), readWord(y, 0), readWord(y, 4)];
  if ((xLow | xHigh) === 0 || (low | high) === 0) throw cryptError('ERR_CRYPT_ZERO', "Can't be 0");
  // The original takes P off a larger base only, so P to the power of 1 is P, and to any other 0.
  const isP = atLeastP(xLow, xHigh) && xLow >>> 0 === 0xffff_ffc5;
  if (isP && low === 1 && high === 0) return eightBytes(xLow, xHigh);
  return power(limbsOf(xLow, xHigh), low, high);
}
