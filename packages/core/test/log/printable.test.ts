import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable } from '../../src/index.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('printable', () => {
  test.each([
    ['what is plain stays', 'login anna@sample #1 (ok)', 'login anna@sample #1 (ok)'],
    ['letters of all scripts stay', 'Zoë 能忠 👩‍👧 نام', 'Zoë 能忠 👩‍👧 نام'],
    [
      'line ends',
      'a\n[:00000001] admin\r\nb\u2028c\u2029d\u0085',
      'a\\n[:00000001] admin\\r\\nb\\u2028c\\u2029d\\u0085',
    ],
    ['terminal commands', '\u001b[31mRED\u0007\b\u009b2J\u007f', '\\x1b[31mRED\\x07\\x08\\u009b2J\\x7f'],
    ['tabs and nulls', 'a\tb\0', 'a\\tb\\x00'],
    ['turned text', 'user\u202ecod.\u2066exe', 'user\\u202ecod.\\u2066exe'],
    ['what cannot be seen', 'a\u200bb\ufeff\u{e0041}', 'a\\u200bb\\ufeff\\u{e0041}'],
    ['halves of characters', '\ud83d a \udc00', '\\ud83d a \\udc00'],
    ['bytes that sockets keep as such halves', '\udcff\udc80', '\\xff\\x80'],
    ['a backslash, so that no escape is taken for another', 'C:\\new', 'C:\\\\new'],
    ['nothing', '', ''],
  ])('%s', (_what, text, line) => {
    expect(printable(text)).toBe(line);
  });

  test('bytes are read as UTF-8; where they are none each is shown', () => {
    expect(printable(utf8('Zoë\n👩'))).toBe('Zoë\\n👩');
    expect(printable(bytes(0x47, 0xc3, 0x28, 0xff, 0x0a))).toBe('G\\xc3(\\xff\\n');
    expect(printable(Buffer.from('hello'))).toBe('hello');
    expect(printable(Buffer.from('xhellox').subarray(1, 6))).toBe('hello');
  });

  test('long text and bytes are cut, not inside a character', () => {
    expect(printable('x'.repeat(256))).toBe('x'.repeat(256));
    expect(printable('x'.repeat(257))).toBe(`${'x'.repeat(256)}…`);
    expect(printable('ab👩c', 3)).toBe('ab…');
    expect(printable(utf8('👩'.repeat(100)), 8)).toBe(`${'👩'.repeat(4)}…`);
    expect(printable(utf8(`${'x'.repeat(7)}${'👩'.repeat(9)}`), 8)).toBe(`${'x'.repeat(7)}…`);
    expect(printable(new Uint8Array(1 << 20), 2)).toBe('\\x00\\x00…');
  });

  test('other values are shown by their text, and of an error its message', () => {
    expect(printable(12)).toBe('12');
    expect(printable(undefined)).toBe('undefined');
    expect(printable(new Error('no\nsuch user'))).toBe('no\\nsuch user');
    expect(printable(Object.create(null))).toBe('object');
    const odd = {
      toString() {
        throw new Error('never');
      },
    };
    expect(printable(odd)).toBe('object');
  });

  test('whatever comes is one line of bounded length without a control character, and says the same only for the same', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('\\n', '\n', '\\x80', '\u0080', '\udc80', '\ud800', '\\ud800'),
    );
    fc.assert(
      fc.property(fc.oneof(text, fc.uint8Array()), fc.integer({ min: 1, max: 64 }), (foreign, limit) => {
        const line = printable(foreign, limit);
        expect(line).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(line.length).toBeLessThanOrEqual(limit * 9 + 1);
      }),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(printable(one) === printable(other)).toBe(one === other);
      }),
    );
  });
});
