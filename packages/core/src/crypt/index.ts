// What the original's crypt library does, byte for byte. Keeps to its own small world: any host with typed arrays and
// globalThis.crypto will do, a browser too.
export { base64decode, base64encode } from './base64.ts';
export type { Bytes } from './bytes.ts';
export { desdecode, desencode, type Padding, padding } from './des.ts';
export { dhexchange, dhsecret } from './dh.ts';
export { equal } from './equal.ts';
export type { CryptErrorCode } from './errors.ts';
export { hashkey } from './hashkey.ts';
export { hexdecode, hexencode } from './hex.ts';
export { hmac64, hmac64Md5, hmacHash } from './hmac64.ts';
export { md5 } from './md5.ts';
export { randomkey } from './random.ts';
export { hmacSha1, sha1 } from './sha1.ts';
export { xorStr } from './xor.ts';
