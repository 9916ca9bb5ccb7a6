import { type Bytes, bytesOf, readWord, writeWord } from './bytes.ts';

/** Constants and rotations of the 64 steps, as RFC 1321 defines them. */
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
const TURNS = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);

/** The four registers at the start. */
export const MD5_START: readonly [number, number, number, number] = [
  0x67452301,
  0xefcdab89 | 0,
  0x98badcfe | 0,
  0x10325476,
];

/** Runs the 64 steps over 16 words from the state given; the result is not yet added to that state. */
export function md5Steps(words: Int32Array, state: ArrayLike<number>): [number, number, number, number] {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  for (let i = 0; i < 64; i++) {
    const round = i >>> 4;
    let mix: number;
    let word: number;
    if (round === 0) {
      mix = d ^ (b & (c ^ d));
      word = i;
    } else if (round === 1) {
      mix = c ^ (d & (b ^ c));
      word = 5 * i + 1;
    } else if (round === 2) {
      mix = b ^ c ^ d;
      word = 3 * i + 5;
    } else {
      mix = c ^ (b | ~d);
      word = 7 * i;
    }
    const sum = (a + mix + (SINES[i] as number) + (words[word & 15] as number)) | 0;
    const turn = TURNS[(round << 2) | (i & 3)] as number;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
  }
  return [a, b, c, d];
}

const words = new Int32Array(16);

function addBlock(state: Int32Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++) words[i] = readWord(bytes, at + i * 4);
  const [a, b, c, d] = md5Steps(words, state);
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
}

/** The 16 bytes of MD5 (RFC 1321). Broken as a hash since 2004; here because `hmac64Md5` is made of it. */
export function md5(text: Bytes): Uint8Array {
  const bytes = bytesOf(text, 'text');
  const state = Int32Array.from(MD5_START);
  const whole = bytes.length - (bytes.length % 64);
  for (let at = 0; at < whole; at += 64) addBlock(state, bytes, at);
  const tail = new Uint8Array(bytes.length - whole < 56 ? 64 : 128);
  tail.set(bytes.subarray(whole));
  tail[bytes.length - whole] = 0x80;
  writeWord(tail, tail.length - 8, bytes.length << 3);
  writeWord(tail, tail.length - 4, Math.floor(bytes.length / 2 ** 29));
  for (let at = 0; at < tail.length; at += 64) addBlock(state, tail, at);
  const digest = new Uint8Array(16);
  for (let i = 0; i < 4; i++) writeWord(digest, i * 4, state[i] as number);
  return digest;
}
