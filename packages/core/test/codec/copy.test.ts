import { describe, expect, it } from 'vitest';
import { copyArgs, copyValue } from '../../src/codec/copy.ts';
import { expectSame } from './values.ts';

describe('copyArgs', () => {
  it('copies in place and returns the same array', () => {
    const pos = { x: 1 };
    const args = ['move', pos, 3];
    expect(copyArgs(args)).toBe(args);
    expect(args[1]).not.toBe(pos);
    expectSame(args, ['move', { x: 1 }, 3]);
  });
});

describe('copyValue', () => {
  it('copies a part that stands in two places twice', () => {
    const shared = [1];
    const copy = copyValue({ a: shared, b: shared }) as { a: number[]; b: number[] };
    expect(copy.a).not.toBe(copy.b);
  });

  it('makes a Buffer from a Buffer and plain bytes from other bytes, shared ones too', () => {
    expect(Buffer.isBuffer(copyValue(Buffer.from('x')))).toBe(true);
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    const copy = copyValue(shared) as Uint8Array;
    expect(copy.constructor).toBe(Uint8Array);
    expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
  });
});
