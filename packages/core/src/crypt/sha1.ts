import { type Bytes, bytesOf } from './bytes.ts';

const BLOCK = 64;
const schedule = new Int32Array(80);

function addBlock(state: Int32Array, bytes: Uint8Array, from: number): void {
  const w = schedule;
  for (let i = 0, at = from; i < 16; i++, at += 4) {
    w[i] =
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number);
  }
  for (let i = 16; i < 80; i++) {
    const word = (w[i - 3] as number) ^ (w[i - 8] as number) ^ (w[i - 14] as number) ^ (w[i - 16] as number);
    w[i] = (word << 1) | (word >>> 31);
  }
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  for (let i = 0; i < 80; i++) {
    let mix: number;
    if (i < 20) mix = (d ^ (b & (c ^ d))) + 0x5a827999;
    else if (i < 40) mix = (b ^ c ^ d) + 0x6ed9eba1;
    else if (i < 60) mix = ((b & c) | (d & (b | c))) + 0x8f1bbcdc;
    else mix = (b ^ c ^ d) + 0xca62c1d6;
    const next = (((a << 5) | (a >>> 27)) + mix + e + (w[i] as number)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
}

function writeBigEndian(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

function digestOf(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const whole = bytes.length - (bytes.length % BLOCK);
  for (let at = 0; at < whole; at += BLOCK) addBlock(state, bytes, at);
  const tail = new Uint8Array(bytes.length - whole < 56 ? BLOCK : 2 * BLOCK);
  tail.set(bytes.subarray(whole));
  tail[bytes.length - whole] = 0x80;
  writeBigEndian(tail, tail.length - 8, Math.floor(bytes.length / 2 ** 29));
  writeBigEndian(tail, tail.length - 4, bytes.length << 3);
  for (let at = 0; at < tail.length; at += BLOCK) addBlock(state, tail, at);
  const digest = new Uint8Array(20);
  for (let i = 0; i < 5; i++) writeBigEndian(digest, i * 4, state[i] as number);
  return digest;
}

/** The 20 bytes of SHA-1 (RFC 3174). */
export function sha1(text: Bytes): Uint8Array {
  return digestOf(bytesOf(text, 'text'));
}

function keyed(key: Uint8Array, fill: number, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BLOCK + message.length).fill(fill, 0, BLOCK);
  for (let i = 0; i < key.length; i++) bytes[i] = (key[i] as number) ^ fill;
  bytes.set(message, BLOCK);
  return digestOf(bytes);
}

/** The 20 bytes of HMAC-SHA1 (RFC 2104) under a key of any length. The original's `hmac_sha1`. */
export function hmacSha1(key: Bytes, text: Bytes): Uint8Array {
  const given = bytesOf(key, 'key');
  const short = given.length > BLOCK ? digestOf(given) : given;
  return keyed(short, 0x5c, keyed(short, 0x36, bytesOf(text, 'text')));
}
