/** Texts kept; a power of two. */
const SLOTS = 1024;

/** Longest text that is looked up; beyond it making the string is as cheap. */
export const MAX_CACHED_TEXT = 24;

/**
 * Turns short ASCII bytes into strings. Commands, names and keys come again and again, so the last text of each hash
 * is kept: comparing costs a third of making a string.
 */
export class TextCache {
  readonly #texts: string[] = new Array<string>(SLOTS).fill('');

  /** The `length` bytes at `start`, all below 0x80, at most {@link MAX_CACHED_TEXT}. */
  get(bytes: Uint8Array, start: number, length: number): string {
    const end = start + length;
    let hash = length;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    hash = (hash ^ (hash >>> 10)) & (SLOTS - 1);
    const kept = this.#texts[hash] as string;
    if (kept.length === length) {
      let i = 0;
      while (i < length && kept.charCodeAt(i) === bytes[start + i]) i++;
      if (i === length) return kept;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
    this.#texts[hash] = text;
    return text;
  }
}
