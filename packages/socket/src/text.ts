import { isUtf8 } from 'node:buffer';
import { printable } from '@skynet/core';
import { socketError } from './errors.ts';

/**
 * Text that loses no byte.
 *
 * Bytes that are no UTF-8 are kept as lone surrogates, byte 0x80..0xff as U+DC80..U+DCFF, and written back as that
 * byte. No valid UTF-8 decodes to a lone surrogate, so `encodeText(decodeText(bytes))` gives the same bytes, always.
 */

const REPLACEMENT = '\ufffd';
const ESCAPE = 0xdc00;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Bytes as text. @throws ERR_SOCKET_DATA for anything else. */
export function decodeText(given: Uint8Array): string {
  if (!(given instanceof Uint8Array)) throw socketError('ERR_SOCKET_DATA', `not bytes: ${printable(given)}`);
  const bytes = Buffer.isBuffer(given) ? given : Buffer.from(given.buffer, given.byteOffset, given.length);
  const text = bytes.toString('utf8');
  // Decoding puts U+FFFD where the bytes are broken; a U+FFFD that was sent is the rare other reason to see one.
  if (text.indexOf(REPLACEMENT) === -1 || isUtf8(bytes)) return text;
  return decodeEscaped(bytes);
}

function decodeEscaped(bytes: Buffer): string {
  let text = '';
  let valid = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    text += bytes.toString('utf8', valid, at) + String.fromCharCode(ESCAPE + (bytes[at] as number));
    at += 1;
    valid = at;
  }
  return text + bytes.toString('utf8', valid, at);
}

/**
 * Text as bytes. A lone surrogate that is no escaped byte becomes U+FFFD, as everywhere in Node.
 * @throws ERR_SOCKET_DATA for anything else.
 */
export function encodeText(text: string): Buffer {
  if (typeof text !== 'string') throw socketError('ERR_SOCKET_DATA', `not text: ${printable(text)}`);
  if (!LONE_SURROGATE.test(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const low = text.charCodeAt(at + 1);
      if (low >= 0xdc00 && low <= 0xdfff) at += 1;
    } else if (unit >= 0xdc80 && unit <= 0xdcff) {
      if (at > from) parts.push(Buffer.from(text.slice(from, at), 'utf8'));
      parts.push(Buffer.of(unit & 0xff));
      from = at + 1;
    }
  }
  if (from < text.length) parts.push(Buffer.from(text.slice(from), 'utf8'));
  return Buffer.concat(parts);
}

/** Length of the valid sequence at `at`, 0 if there is none (the table of well-formed sequences in the Unicode standard). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = expectedLength(first);
  if (length === 0 || at + length > bytes.length) return 0;
  return prefixIsValid(bytes, at, length) ? length : 0;
}

/** How long a sequence is that starts with this byte, 0 if none does. */
function expectedLength(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

/** Whether the bytes after the first can belong to the sequence that starts at `at`, as far as `count` bytes go. */
function prefixIsValid(bytes: Uint8Array, at: number, count: number): boolean {
  const first = bytes[at] as number;
  for (let i = 1; i < count; i++) {
    const byte = bytes[at + i] as number;
    let low = 0x80;
    let high = 0xbf;
    if (i === 1) {
      if (first === 0xe0) low = 0xa0;
      else if (first === 0xed) high = 0x9f;
      else if (first === 0xf0) low = 0x90;
      else if (first === 0xf4) high = 0x8f;
    }
    if (byte < low || byte > high) return false;
  }
  return true;
}

/**
 * How many bytes at the end (0 to 3) begin a character that is not complete yet.
 * @param end the last bytes received, at least three of them if there are that many.
 */
export function incompleteTail(end: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= end.length; back++) {
    const at = end.length - back;
    const byte = end[at] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return expectedLength(byte) > back && prefixIsValid(end, at, back) ? back : 0;
  }
  return 0;
}
