import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutBuffer } from '../../src/transport/out-buffer.ts';

/** Sizes around each of the limits: copied by hand, the first block, by reference, a full block. */
const size = fc.oneof(
  fc.integer({ min: 0, max: 100 }),
  fc.integer({ min: 4000, max: 4200 }),
  fc.integer({ min: 16_300, max: 16_400 }),
  fc.integer({ min: 65_000, max: 65_535 }),
);
const piece = fc.record({ size, header: fc.constantFrom<0 | 2 | 4>(0, 2, 4) });

function joined(buffer: OutBuffer): Buffer {
  const pieces = buffer.pieces();
  return Buffer.concat(Array.isArray(pieces) ? pieces : [pieces]);
}

describe('OutBuffer', () => {
  it('gives back what was added, in order, again and again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(piece, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 4 }),
        (turns) => {
          const buffer = new OutBuffer();
          let fill = 0;
          for (const turn of turns) {
            const expected: Uint8Array[] = [];
            for (const { size, header } of turn) {
              fill = (fill + 1) & 0xff;
              const bytes = new Uint8Array(size).fill(fill);
              if (header === 0) buffer.add(bytes);
              else {
                const length = Buffer.alloc(header);
                length.writeUIntBE(size, 0, header);
                expected.push(length);
                buffer.addFrame(bytes, header);
              }
              expected.push(bytes);
            }
            const whole = Buffer.concat(expected);
            expect(buffer.length).toBe(whole.length);
            expect(joined(buffer).equals(whole)).toBe(true);
            buffer.clear();
            expect(buffer.length).toBe(0);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('joins small pieces to one', () => {
    const buffer = new OutBuffer();
    for (let i = 0; i < 600; i++) buffer.addFrame(new Uint8Array(100), 2);
    expect(buffer.pieces()).toBeInstanceOf(Uint8Array);
    expect(buffer.length).toBe(61_200);
  });

  it('keeps no more memory than one full block', () => {
    const buffer = new OutBuffer();
    for (let i = 0; i < 1000; i++) buffer.add(new Uint8Array(10_000));
    buffer.pieces();
    buffer.clear();
    expect(buffer.capacity).toBeLessThanOrEqual(65_536);
  });
});
