import { type Bytes, bytesOf, eightBytesOf } from './bytes.ts';
import { desTables } from './des-tables.ts';
import { cryptError } from './errors.ts';

/**
 * How text is filled up to whole blocks of 8 bytes: with a byte 0x80 and zeros (ISO 7816-4, the default), or with n
 * bytes of the value n (PKCS 7). Both add from 1 to 8 bytes.
 */
export const padding: { readonly iso7816_4: 0; readonly pkcs7: 1 } = { iso7816_4: 0, pkcs7: 1 };

/** One of the values of `padding`. */
export type Padding = 0 | 1;

const BLOCK = 8;
/** By how much the halves of the key turn before each round. */
const TURNS = Uint8Array.of(1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1);

function readBigEndian(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function writeBigEndian(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/** The keys of the 16 rounds, two words each, in the order of use. */
function roundKeys(key: Uint8Array, decrypt: boolean): Int32Array {
  const { toC, toD, toOdd, toEven } = desTables();
  let c = 0;
  let d = 0;
  for (let i = 0; i < BLOCK; i++) {
    const at = i * 256 + (key[i] as number);
    c |= toC[at] as number;
    d |= toD[at] as number;
  }
  const keys = new Int32Array(32);
  for (let round = 0; round < 16; round++) {
    const turn = TURNS[round] as number;
    c = ((c << turn) | (c >>> (28 - turn))) & 0xfff_ffff;
    d = ((d << turn) | (d >>> (28 - turn))) & 0xfff_ffff;
    let odd = 0;
    let even = 0;
    for (let group = 0; group < 4; group++) {
      const fromC = group * 128 + ((c >>> (21 - group * 7)) & 127);
      const fromD = (group + 4) * 128 + ((d >>> (21 - group * 7)) & 127);
      odd |= (toOdd[fromC] as number) | (toOdd[fromD] as number);
      even |= (toEven[fromC] as number) | (toEven[fromD] as number);
    }
    const at = (decrypt ? 15 - round : round) * 2;
    keys[at] = odd;
    keys[at + 1] = even;
  }
  return keys;
}

/** Runs every block of `bytes` through the 16 rounds, in place. */
function runBlocks(bytes: Uint8Array, keys: Int32Array): void {
  const { boxes } = desTables();
  for (let at = 0; at < bytes.length; at += BLOCK) {
    let left = readBigEndian(bytes, at);
    let right = readBigEndian(bytes, at + 4);
    // The initial permutation is the transposing of an 8 by 8 matrix of bits: exchange ever smaller squares.
    let swap = ((left >>> 4) ^ right) & 0x0f0f0f0f;
    right ^= swap;
    left ^= swap << 4;
    swap = ((left >>> 16) ^ right) & 0xffff;
    right ^= swap;
    left ^= swap << 16;
    swap = ((right >>> 2) ^ left) & 0x33333333;
    left ^= swap;
    right ^= swap << 2;
    swap = ((right >>> 8) ^ left) & 0x00ff00ff;
    left ^= swap;
    right ^= swap << 8;
    swap = ((left >>> 1) ^ right) & 0x55555555;
    right ^= swap;
    left ^= swap << 1;
    for (let round = 0; round < 32; round += 2) {
      // Each box takes six bits of `right`, overlapping its neighbours: turned by 1 to the right the bytes begin with
      // the sixes of the boxes 1 3 5 7, turned by 3 to the left with those of 2 4 6 8.
      const odd = ((right >>> 1) | (right << 31)) ^ (keys[round] as number);
      const even = ((right << 3) | (right >>> 29)) ^ (keys[round + 1] as number);
      const mixed =
        (boxes[odd >>> 26] as number) |
        (boxes[64 + (even >>> 26)] as number) |
        (boxes[128 + ((odd >>> 18) & 63)] as number) |
        (boxes[192 + ((even >>> 18) & 63)] as number) |
        (boxes[256 + ((odd >>> 10) & 63)] as number) |
        (boxes[320 + ((even >>> 10) & 63)] as number) |
        (boxes[384 + ((odd >>> 2) & 63)] as number) |
        (boxes[448 + ((even >>> 2) & 63)] as number);
      const next = left ^ mixed;
      left = right;
      right = next;
    }
    // The last round does not exchange the halves, so they change places here; then the way back.
    [left, right] = [right, left];
    swap = ((left >>> 1) ^ right) & 0x55555555;
    right ^= swap;
    left ^= swap << 1;
    swap = ((right >>> 8) ^ left) & 0x00ff00ff;
    left ^= swap;
    right ^= swap << 8;
    swap = ((right >>> 2) ^ left) & 0x33333333;
    left ^= swap;
    right ^= swap << 2;
    swap = ((left >>> 16) ^ right) & 0xffff;
    right ^= swap;
    left ^= swap << 16;
    swap = ((left >>> 4) ^ right) & 0x0f0f0f0f;
    right ^= swap;
    left ^= swap << 4;
    writeBigEndian(bytes, at, left);
    writeBigEndian(bytes, at + 4, right);
  }
}

function keyOf(key: Bytes): Uint8Array {
  const bytes = bytesOf(key, 'key');
  return eightBytesOf(bytes, 'key', `Invalid key size ${bytes.length}, need 8 bytes`);
}

function checkMode(mode: unknown): void {
  if (mode !== padding.iso7816_4 && mode !== padding.pkcs7) {
    throw cryptError('ERR_CRYPT_PADDING', `Invalid padding mode ${String(mode)}`);
  }
}

/**
 * Encrypts with DES, every block of 8 bytes by itself (ECB). The result is 1 to 8 bytes longer than the text. The
 * lowest bit of each byte of the key does not count.
 *
 * @param mode One of `padding`; by default ISO 7816-4.
 * @throws `ERR_CRYPT_KEY_SIZE` if the key has not 8 bytes, `ERR_CRYPT_PADDING` for an unknown mode.
 */
export function desencode(key: Bytes, text: Bytes, mode: Padding = padding.iso7816_4): Uint8Array {
  const keyBytes = keyOf(key);
  const plain = bytesOf(text, 'text');
  checkMode(mode);
  const bytes = new Uint8Array(plain.length - (plain.length % BLOCK) + BLOCK);
  bytes.set(plain);
  if (mode === padding.iso7816_4) bytes[plain.length] = 0x80;
  else bytes.fill(bytes.length - plain.length, plain.length);
  runBlocks(bytes, roundKeys(keyBytes, false));
  return bytes;
}

/**
 * Gives back what `desencode` encrypted with the same key and padding.
 *
 * @param mode One of `padding`; by default ISO 7816-4.
 * @throws `ERR_CRYPT_KEY_SIZE` if the key has not 8 bytes, `ERR_CRYPT_PADDING` for an unknown mode,
 * `ERR_CRYPT_DES_SIZE` if the cipher text is empty or not whole blocks, `ERR_CRYPT_DES_TEXT` if the result does not
 * end in valid padding. A wrong key is not always noticed: one in about 250 gives valid padding by chance.
 */
export function desdecode(key: Bytes, cipher: Bytes, mode: Padding = padding.iso7816_4): Uint8Array {
  const keyBytes = keyOf(key);
  const encrypted = bytesOf(cipher, 'cipher');
  checkMode(mode);
  const size = encrypted.length;
  if (size === 0 || size % BLOCK !== 0) {
    throw cryptError('ERR_CRYPT_DES_SIZE', `Invalid des crypt text length ${size}`, { size });
  }
  const bytes = Uint8Array.from(encrypted);
  runBlocks(bytes, roundKeys(keyBytes, true));
  const added = mode === padding.iso7816_4 ? isoPadding(bytes) : pkcsPadding(bytes);
  if (added === 0) throw cryptError('ERR_CRYPT_DES_TEXT', 'Invalid des crypt text');
  return bytes.slice(0, size - added);
}

/** How many bytes of ISO 7816-4 padding the text ends with, 0 if it has none. */
function isoPadding(bytes: Uint8Array): number {
  for (let added = 1; added <= BLOCK; added++) {
    const byte = bytes[bytes.length - added];
    if (byte === 0x80) return added;
    if (byte !== 0) return 0;
  }
  return 0;
}

/** How many bytes of PKCS 7 padding the text ends with, 0 if it has none. */
function pkcsPadding(bytes: Uint8Array): number {
  const added = bytes[bytes.length - 1] as number;
  if (added > BLOCK) return 0;
  for (let i = 2; i <= added; i++) {
    if (bytes[bytes.length - i] !== added) return 0;
  }
  return added;
}
