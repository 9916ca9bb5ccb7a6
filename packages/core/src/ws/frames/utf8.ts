import { isUtf8 } from 'node:buffer';

/** Least and largest second byte behind a first one of three or four bytes; others take 0x80 to 0xbf. */
function isSecond(first: number, second: number): boolean {
  if (second < 0x80 || second > 0xbf) return false;
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second <= 0x9f;
  if (first === 0xf0) return second >= 0x90;
  return first !== 0xf4 || second <= 0x8f;
}

/** How many bytes a character has that begins so; 0 if none does, or it stands alone. */
function sizeOf(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** How many bytes at the end are the beginning of a character that is not complete. */
function openBytes(bytes: Uint8Array, from: number, end: number): number {
  const least = Math.max(from, end - 3);
  for (let at = end - 1; at >= least; at--) {
    const first = bytes[at] as number;
    if (first < 0x80) return 0;
    if (first < 0xc0) continue;
    const open = end - at;
    if (sizeOf(first) <= open) return 0;
    return open === 1 || isSecond(first, bytes[at + 1] as number) ? open : 0;
  }
  return 0;
}

/**
 * Looks at text that may end within a character.
 * @returns where the text ends that is known to be UTF-8, no more than three bytes before `end`; -1 if it cannot become
 * UTF-8 whatever follows.
 */
export function checkUtf8(bytes: Uint8Array, from: number, end: number): number {
  const whole = end - openBytes(bytes, from, end);
  return whole === from || isUtf8(bytes.subarray(from, whole)) ? whole : -1;
}
