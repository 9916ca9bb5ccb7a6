import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CACHED_TEXT, TextCache } from '../../src/codec/text-cache.ts';

/** What the cache makes of a text that stands somewhere in memory. */
function read(cache: TextCache, text: string, start = 5): string {
  const bytes = new Uint8Array(new SharedArrayBuffer(start + text.length + 3)).fill(0x7f);
  for (let i = 0; i < text.length; i++) bytes[start + i] = text.charCodeAt(i);
  return cache.get(bytes, start, text.length);
}

describe('TextCache', () => {
  it('tells texts apart that differ in one place, whichever it is', () => {
    const cache = new TextCache();
    for (let length = 1; length <= MAX_CACHED_TEXT; length++) {
      const text = 'abcdefghijklmnopqrstuvwx'.slice(0, length);
      for (let at = 0; at < length; at++) {
        const other = `${text.slice(0, at)}!${text.slice(at + 1)}`;
        expect([text, other, text].map((each) => read(cache, each))).toEqual([text, other, text]);
      }
    }
  });

  it('tells texts apart that are the beginning of others, of the smallest units, too', () => {
    const cache = new TextCache();
    for (let round = 0; round < 2; round++)
      for (let length = 0; length <= MAX_CACHED_TEXT; length++) {
        for (const unit of ['\0', 'a', '\x7f'])
          expect(read(cache, unit.repeat(length))).toBe(unit.repeat(length));
      }
  });

  it('gives every text as it stands there, whatever came before and wherever it stands', () => {
    const cache = new TextCache();
    const text = fc
      .tuple(
        fc.constantFrom('ab', '\0\x01', 'abcdefghijklmnopqrstuvwxyz0123456789_'),
        fc.nat(MAX_CACHED_TEXT),
      )
      .chain(([units, length]) =>
        fc.string({ unit: fc.constantFrom(...units), minLength: length, maxLength: length }),
      );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.nat(9)), { maxLength: 100 }), (texts) => {
        for (const [each, start] of texts) expect(read(cache, each, start)).toBe(each);
      }),
    );
  });

  it('gives the string it has, not one that is made anew', () => {
    const cache = new TextCache();
    const made = read(cache, 'a text of some length');
    const from = Buffer.from;
    try {
      Buffer.from = () => {
        throw new Error('made anew');
      };
      expect(read(cache, 'a text of some length')).toBe(made);
    } finally {
      Buffer.from = from;
    }
  });
});
