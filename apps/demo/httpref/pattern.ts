import { createHash } from 'node:crypto';

const PERIOD = 65_536;

/** `size` bytes, byte i is `((seed + i*31) & 255) ^ ((i >> 8) & 255)`. */
export function fill(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < Math.min(size, PERIOD); i++) bytes[i] = ((seed + i * 31) & 255) ^ ((i >> 8) & 255);
  for (let at = PERIOD; at < size; at += PERIOD) bytes.copy(bytes, at, 0, Math.min(PERIOD, size - at));
  return bytes;
}

/** {@link fill} in pieces. */
export function* filled(seed: number, size: number): Generator<Buffer> {
  const period = fill(seed, Math.min(size, PERIOD));
  for (let left = size; left > 0; left -= PERIOD) yield period.subarray(0, left);
}

/** Length and SHA-1 of bytes. */
export function digest(bytes: Uint8Array): string {
  return `${bytes.length}:${createHash('sha1').update(bytes).digest('hex')}`;
}
