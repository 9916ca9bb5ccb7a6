import { cryptError } from './errors.ts';

/** What the functions take: bytes as they are, text as its UTF-8 bytes. */
export type Bytes = string | Uint8Array;

const encoder = new TextEncoder();

/**
 * The bytes of an argument; `name` is for the error.
 *
 * @throws `ERR_CRYPT_ARGUMENT` if it is neither text nor bytes.
 */
export function bytesOf(value: Bytes, name: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') return encoder.encode(value);
  throw cryptError(
    'ERR_CRYPT_ARGUMENT',
    `${name}: expected a string or Uint8Array, got ${value === null ? 'null' : typeof value}`,
  );
}

/**
 * The bytes of an argument that must be 8; `complaint` is the error's text.
 *
 * @throws `ERR_CRYPT_KEY_SIZE` for another length.
 */
export function eightBytesOf(value: Bytes, name: string, complaint: string): Uint8Array {
  const bytes = bytesOf(value, name);
  if (bytes.length !== 8) throw cryptError('ERR_CRYPT_KEY_SIZE', complaint, { size: bytes.length });
  return bytes;
}

/** 32 bits, lowest byte first, as a signed number. */
export function readWord(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Writes 32 bits, lowest byte first. */
export function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}

/** Two words as 8 bytes, each lowest byte first. */
export function eightBytes(first: number, second: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeWord(bytes, 0, first);
  writeWord(bytes, 4, second);
  return bytes;
}
