import { isUtf8 } from 'node:buffer';

/**
 * Text that loses no byte: what is no UTF-8 is kept as lone surrogates, byte 0x80..0xff as U+DC80..U+DCFF, as in
 * `@skynet/socket`. `bytesOf(textOf(bytes))` gives the same bytes, always.
 */

const ESCAPE = 0xdc00;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Bytes as text. */
export function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd') || isUtf8(bytes)) return text;
  let result = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    result +=
      length === 0
        ? String.fromCharCode(ESCAPE + (bytes[at] as number))
        : bytes.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return result;
}

/** Text as bytes. */
export function bytesOf(text: string): Buffer {
  if (!LONE_SURROGATE.test(text)) return Buffer.from(text, 'utf8');
  return Buffer.concat(
    Array.from(text, (character) => {
      const unit = character.charCodeAt(0);
      const isByte = character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff;
      return isByte ? Buffer.of(unit & 0xff) : Buffer.from(character, 'utf8');
    }),
  );
}

/** Length of the valid sequence of UTF-8 at `at`, 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++)
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  return 0;
}
