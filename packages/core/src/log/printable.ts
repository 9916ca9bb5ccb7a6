import { isUtf8 } from 'node:buffer';

/** Characters of foreign text that a log line shows, unless the caller says otherwise. */
const LIMIT = 256;
/** Most bytes of a character. */
const LONGEST = 4;
/** Where bytes that are no UTF-8 are kept in text: as halves of characters, the way `@skynet/socket` does. */
const BROKEN = 0xdc00;
/**
 * What is not shown as it is: control characters, halves of characters, other line ends, marks that turn the direction
 * of the text behind them or cannot be seen at all, and the backslash, so that what stands for them is clear.
 */
const UNSHOWN =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\\\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

/** Whether all of it is shown as it is, as addresses and names mostly are: a loop sees that quicker than an expression. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === 0x5c) return false;
  }
  return true;
}

function shown(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code > BROKEN + 0x7f && code <= BROKEN + 0xff) return `\\x${(code - BROKEN).toString(16)}`;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return NAMED[character] ?? (code > 0x7f ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`);
}

/** The first bytes as text: UTF-8, or where it is none one character a byte, those above ASCII marked as broken. */
function readBytes(bytes: Uint8Array, limit: number): string {
  let end = Math.min(bytes.length, limit * LONGEST);
  // Not in the middle of a character.
  if (end < bytes.length)
    for (let back = 1; back < LONGEST && ((bytes[end] ?? 0) & 0xc0) === 0x80; back++) end--;
  const part = Buffer.from(bytes.buffer, bytes.byteOffset, end);
  if (isUtf8(part)) return part.toString('utf8');
  return part
    .toString('latin1')
    .replace(/[^\p{ASCII}]/gu, (byte) => String.fromCharCode(BROKEN + byte.charCodeAt(0)));
}

/** Text of anything, which may have been made to fail here. */
function readValue(value: unknown): string {
  try {
    return value instanceof Error ? String(value.message) : String(value);
  } catch {
    return typeof value;
  }
}

/**
 * What somebody else has sent, safe to stand in a log line: on one line whatever it holds, without anything that a
 * terminal takes for a command, and not longer than it should be. Letters of all scripts stay as they are; what is not
 * shown is written as `\n`, `\x1b`, `\u202e`, a byte that is no UTF-8 as `\xff`, a backslash as `\\`. Of an error the
 * message is taken.
 *
 * `skynet.error` keeps the line breaks of what it is given, as the original does, so that a stack stays readable. Put
 * this around what comes from outside: ``skynet.error(`no command ${printable(word)}`)``.
 *
 * @param limit Characters shown, default 256; what is longer ends in `…`.
 */
export function printable(foreign: unknown, limit: number = LIMIT): string {
  const text = foreign instanceof Uint8Array ? readBytes(foreign, limit) : readValue(foreign);
  if (text.length <= limit) return isPlain(text) ? text : text.replace(UNSHOWN, shown);
  // Not the first half of a character.
  const part = text.slice(0, limit).replace(/[\ud800-\udbff]$/, '');
  return `${part.replace(UNSHOWN, shown)}…`;
}
