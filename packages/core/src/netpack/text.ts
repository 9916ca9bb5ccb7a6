import { SkynetError } from '../errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Up to this many characters a loop over them beats the call into the host's encoder. */
const SHORT = 32;

/** Writes short ASCII text; false if it is anything else, and then part of it may have been written. */
function asciiInto(text: string, target: Uint8Array, offset: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    target[offset + i] = code;
  }
  return true;
}

/** The text as UTF-8, with `before` bytes of zero in front. */
export function encodeText(text: string, before: number): Uint8Array {
  // As much as it takes if all of it is ASCII; otherwise it does not fit.
  const guess = new Uint8Array(before + text.length);
  if (encodeTextInto(text, guess, before) >= 0) return guess;
  const encoded = encoder.encode(text);
  if (before === 0) return encoded;
  const bytes = new Uint8Array(before + encoded.length);
  bytes.set(encoded, before);
  return bytes;
}

/** Writes the text as UTF-8 from `offset` on: how many bytes it took, or -1 if it did not fit. */
export function encodeTextInto(text: string, target: Uint8Array, offset: number): number {
  const room = target.length - offset;
  if (text.length > room) return -1;
  if (text.length <= SHORT && asciiInto(text, target, offset)) return text.length;
  const { read, written } = encoder.encodeInto(text, target.subarray(offset));
  return read === text.length ? written : -1;
}

/**
 * The bytes as text, read as UTF-8; what is not UTF-8 becomes U+FFFD. The original's `netpack.tostring`.
 *
 * @throws `ERR_ARGUMENT` if given anything but bytes.
 */
export function readText(bytes: Uint8Array): string {
  if (!(bytes instanceof Uint8Array)) {
    throw new SkynetError(
      'ERR_ARGUMENT',
      `bytes: expected a Uint8Array, got ${bytes === null ? 'null' : typeof bytes}`,
    );
  }
  return decoder.decode(bytes);
}
