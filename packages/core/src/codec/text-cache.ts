/** Texts kept; a power of two. */
const SLOTS = 1024;

/** Longest text that is looked up; beyond it making the string is as cheap. */
export const MAX_CACHED_TEXT = 24;

/** Up to here the three words say everything. */
const SAID_BY_WORDS = 12;

/**
 * Turns short ASCII bytes into strings. Commands, names and keys come again and again, so the last text of each hash
 * is kept: comparing costs a fraction of making a string. A text is known by three words, its first, middle and last four
 * bytes:
 *
 *     [ first ]  [ middle ]  [ last ]      they overlap in one of less than twelve
 */
export class TextCache {
  readonly #texts: string[] = new Array<string>(SLOTS).fill('');
  readonly #words = new Int32Array(SLOTS * 3);

  /** The `length` bytes at `start`, all below 0x80, at most {@link MAX_CACHED_TEXT}. */
  get(bytes: Uint8Array, start: number, length: number): string {
    // The engine has those at hand.
    if (length === 1) return String.fromCharCode(bytes[start] as number);
    let first = 0;
    let middle = 0;
    let last = 0;
    if (length >= 4) {
      first = wordAt(bytes, start);
      middle = wordAt(bytes, start + ((length - 4) >> 1));
      last = wordAt(bytes, start + length - 4);
    } else for (let i = 0; i < length; i++) first = (first << 8) | (bytes[start + i] as number);
    let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(middle, 0x85ebca6b) ^ Math.imul(last, 0xc2b2ae35);
    hash = (hash ^ (hash >>> 15) ^ length) & (SLOTS - 1);
    const kept = this.#texts[hash] as string;
    const words = this.#words;
    const at = hash * 3;
    if (
      kept.length === length &&
      words[at] === first &&
      words[at + 1] === middle &&
      words[at + 2] === last &&
      (length <= SAID_BY_WORDS || isBetween(kept, bytes, start))
    )
      return kept;
    words[at] = first;
    words[at + 1] = middle;
    words[at + 2] = last;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
    this.#texts[hash] = text;
    return text;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Whether the text stands there, its first and last four bytes aside. */
function isBetween(text: string, bytes: Uint8Array, start: number): boolean {
  const end = text.length - 4;
  for (let i = 4; i < end; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
