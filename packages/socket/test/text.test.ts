import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText, encodeText, incompleteTail } from '../src/text.ts';

const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
/** Mostly text, with some bytes broken: what a careless peer sends. */
const damaged = fc
  .tuple(fc.string({ unit: 'binary' }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
  .map(([text, changes]) => {
    const out = Buffer.from(text, 'utf8');
    if (out.length > 0) for (const [at, byte] of changes) out[at % out.length] = byte;
    return out;
  });

describe('text without loss', () => {
  test('any bytes come back', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, damaged), (value) => encodeText(decodeText(value)).equals(value)),
      { numRuns: 2000 },
    );
  });

  test('text that is text is what Node makes of it, both ways', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(encodeText(text)).toEqual(Buffer.from(text, 'utf8'));
        expect(decodeText(Buffer.from(text, 'utf8'))).toBe(text);
      }),
    );
  });

  test('a broken byte becomes one lone surrogate, its neighbours stay text', () => {
    expect(decodeText(Buffer.from([0x61, 0xff, 0xe4, 0xbd, 0xa0, 0xe4, 0xbd]))).toBe('a\udcff你\udce4\udcbd');
  });

  test('a replacement character that was sent stays one', () => {
    expect(decodeText(Buffer.from('\ufffd!'))).toBe('\ufffd!');
  });

  test('changing the text around broken bytes keeps them', () => {
    const text = decodeText(Buffer.from([0x61, 0x80, 0x62])).toUpperCase();
    expect([...encodeText(text)]).toEqual([0x41, 0x80, 0x42]);
  });

  test('a surrogate that is no escaped byte becomes a replacement character', () => {
    expect(encodeText('a\ud800b\udc10')).toEqual(Buffer.from('a\ufffdb\ufffd'));
  });
});

describe('incompleteTail', () => {
  test.each([
    ['nothing', [], 0],
    ['ascii', [0x61], 0],
    ['a whole character', [0xe4, 0xbd, 0xa0], 0],
    ['one of two', [0x61, 0xc3], 1],
    ['two of three', [0x61, 0xe4, 0xbd], 2],
    ['three of four', [0xf0, 0x9f, 0x98], 3],
    ['continuation bytes without a start', [0x80, 0x80, 0x80], 0],
    ['a start that can not go on so', [0xe0, 0x80], 0],
    ['an impossible start', [0xff], 0],
  ])('%s', (_name, value, expected) => {
    expect(incompleteTail(Uint8Array.from(value))).toBe(expected);
  });

  test('cutting text anywhere and holding the tail back never breaks a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.nat(), (text, where) => {
        const all = Buffer.from(text, 'utf8');
        const cut = where % (all.length + 1);
        const first = all.subarray(0, cut);
        const held = incompleteTail(first.subarray(Math.max(0, cut - 3)));
        const parts = [all.subarray(0, cut - held), all.subarray(cut - held)];
        expect(parts.map((part) => part.toString('utf8')).join('')).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});
