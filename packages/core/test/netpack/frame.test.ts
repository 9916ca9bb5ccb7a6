import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameOptions, pack, packInto, toString as textOf } from '../../src/netpack/index.ts';
import { bytesOf, expectBytes, rowsOf, type Written } from '../vectors/rows.ts';

interface PackRow {
  fn: string;
  in: [Written];
  out?: Written;
  err?: string;
}

const rows = rowsOf<PackRow>('netpack.json').filter((row) => row.fn === 'pack');

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe('pack', () => {
  it.each(rows.map((row, i): [number, PackRow] => [i, row]))(
    'gives the bytes of the original, row %i',
    (_, row) => {
      if (row.err !== undefined) expect(() => pack(bytesOf(row.in[0]))).toThrow(row.err);
      else expectBytes(pack(bytesOf(row.in[0])), row.out as Written);
    },
  );

  it('sends text as UTF-8', () => {
    expect(hex(pack('hello'))).toBe('000568656c6c6f');
    expect(hex(pack('é中😀'))).toBe('0009c3a9e4b8adf09f9880');
    expect(hex(pack(''))).toBe('0000');
  });

  it('has a header of 4 bytes if asked', () => {
    expect(hex(pack('hello', { header: 4 }))).toBe('0000000568656c6c6f');
    expect(hex(pack(new Uint8Array(0x10203), { header: 4 }).subarray(0, 4))).toBe('00010203');
  });

  it('refuses a payload above the limit, with size and limit', () => {
    for (const data of [new Uint8Array(11), 'ééééé+', 'elevenchars']) {
      expect(() => pack(data, { limit: 10 })).toThrow(
        expect.objectContaining({
          code: 'ERR_FRAME_TOO_LARGE',
          message: 'Invalid size (too long) of data : 11',
          details: { size: 11, limit: 10 },
        }),
      );
    }
    expect(pack('ten chars.', { limit: 10 }).length).toBe(12);
    expect(() => pack('x'.repeat(65536))).toThrow(expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }));
    expect(() => pack(new Uint8Array(0x100_0000), { header: 4 })).toThrow(
      expect.objectContaining({
        code: 'ERR_FRAME_TOO_LARGE',
        details: { size: 0x100_0000, limit: 0xff_ffff },
      }),
    );
  });

  it.each<[string, FrameOptions]>([
    ['header', { header: 3 as 2 }],
    ['limit', { limit: 65536 }],
    ['limit', { limit: -1 }],
    ['limit', { limit: 1.5 }],
    ['limit', { header: 4, limit: 2 ** 32 }],
    ['limit', { limit: Number.NaN }],
  ])('refuses options that cannot be: %s %j', (name, options) => {
    const refusal = expect.objectContaining({ code: 'ERR_ARGUMENT', message: expect.stringContaining(name) });
    expect(() => pack('x', options)).toThrow(refusal);
    expect(() => packInto('x', new Uint8Array(9), 0, options)).toThrow(refusal);
  });

  it.each([undefined, null, 7, {}, [1], new ArrayBuffer(2)])('refuses data of the wrong kind: %s', (data) => {
    const refusal = expect.objectContaining({ code: 'ERR_ARGUMENT' });
    expect(() => pack(data as string)).toThrow(refusal);
    expect(() => packInto(data as string, new Uint8Array(9), 0)).toThrow(refusal);
  });
});

describe('packInto', () => {
  it('writes what pack gives, and nothing around it', () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 90 }),
    );
    fc.assert(
      fc.property(
        payload,
        fc.constantFrom<2 | 4>(2, 4),
        fc.nat(20),
        fc.nat(20),
        (data, header, before, after) => {
          const frame = pack(data, { header });
          const target = new Uint8Array(before + frame.length + after).fill(0xee);
          expect(packInto(data, target, before, { header })).toBe(frame.length);
          expect(hex(target)).toBe('ee'.repeat(before) + hex(frame) + 'ee'.repeat(after));
        },
      ),
    );
  });

  it('refuses what does not fit', () => {
    const refusal = expect.objectContaining({ code: 'ERR_ARGUMENT' });
    for (const data of ['12345', new Uint8Array(5), 'é3é', 'é'.repeat(40)]) {
      expect(() => packInto(data, new Uint8Array(7), 1)).toThrow(refusal);
    }
    expect(packInto('12345', new Uint8Array(8), 1)).toBe(7);
    for (const offset of [-1, 0.5, 6, 99, Number.NaN]) {
      expect(() => packInto('', new Uint8Array(7), offset)).toThrow(refusal);
    }
  });

  it('refuses a payload above the limit', () => {
    const refusal = expect.objectContaining({
      code: 'ERR_FRAME_TOO_LARGE',
      details: { size: 70000, limit: 65535 },
    });
    expect(() => packInto(new Uint8Array(70000), new Uint8Array(80000), 0)).toThrow(refusal);
    expect(() => packInto('x'.repeat(70000), new Uint8Array(80000), 0)).toThrow(refusal);
    expect(() => packInto('x'.repeat(70000), new Uint8Array(100), 0)).toThrow(refusal);
  });
});

describe('toString', () => {
  it('reads what pack wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(textOf(pack(text).subarray(2))).toBe(text);
      }),
    );
  });

  it('keeps a byte order mark and marks what is not UTF-8', () => {
    expect(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
    expect(textOf(Uint8Array.of(0x61, 0xff, 0x62))).toBe('a\ufffdb');
  });

  it('refuses anything but bytes', () => {
    expect(() => textOf('text' as unknown as Uint8Array)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
  });
});
