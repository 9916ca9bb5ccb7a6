import { isSkynetError } from '@skynet/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import { anyValue, expectSame, nested, refusalOf } from '../../../core/test/codec/values.ts';
import { BodyDecoder, BodyEncoder } from '../../src/mesh/body.ts';

const LARGE = 48 * 1024;

/** Over one link again and again, as between two nodes. */
function route(hasShapes = true): (values: unknown[]) => unknown[] {
  const encoder = new BodyEncoder(hasShapes);
  const decoder = new BodyDecoder();
  return (values) => {
    const { bytes, isAlone } = encoder.encode(values, LARGE);
    const frame = new Uint8Array(bytes);
    const got = decoder.decode(frame, isAlone);
    // The memory of a frame is used again.
    frame.fill(0xff);
    return got;
  };
}

/** Anything but a list of values, or the one code for what is none, fails. Whether it was read. */
function readOrRefused(read: () => unknown[]): boolean {
  try {
    expect(Array.isArray(read())).toBe(true);
    return true;
  } catch (error) {
    if (!isSkynetError(error, 'ERR_LINK_PROTOCOL')) throw error;
    return false;
  }
}

describe('bodies between nodes', () => {
  it.each([
    ['by shape', true],
    ['complete in themselves', false],
  ])('hold every value of a message, %s', (_, hasShapes) => {
    const send = route(hasShapes);
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 5 }), (values) => expectSame(send(values), values)),
      { numRuns: runs(500) },
    );
  });

  it('hold objects that CBOR or cbor-x would change', () => {
    const send = route();
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key ${i}`, i]));
    for (let i = 0; i < 4; i++) {
      for (const value of [
        { __keys__: 1, a: { __keys__: 2 } },
        { constructor: 1, hasOwnProperty: 2, toJSON: 3 },
        { a: 1, b: { constructor: 'x' } },
        JSON.parse('{"__proto__":{"admin":true},"name":"x"}'),
        many,
        { '\ud800': -0 },
        [5n, -5n, 2n ** 64n, -(2n ** 64n), 2n ** 200n, -(2n ** 63n) - 1n],
        Buffer.from('buffer'),
        new Uint8Array([1, 2, 3]),
        Object.fromEntries([
          [`r${i}`, 1],
          ['__proto__', 2],
        ]),
      ])
        expectSame(send([value]), [value]);
    }
  });

  it('hold more kinds of objects than a dictionary has numbers', () => {
    const send = route();
    for (let round = 0; round < 3; round++)
      for (let i = 0; i < 700; i++) {
        const value = { [`a${i}`]: i, [`b${i}`]: { [`c${i % 300}`]: round } };
        expectSame(send(['x', value]), ['x', value]);
      }
  });

  it('refuse what no message can hold, and leave no trace of it', () => {
    const send = route();
    const first = { a: 1, b: 2 };
    expect(refusalOf(() => send([1, { fresh: { a: 1 }, fn() {} }]))).toEqual({
      path: '$[1].fn',
      type: 'function',
    });
    expect(refusalOf(() => send([1, { at: [new Date(0)] }]))).toEqual({ path: '$[1].at[0]', type: 'Date' });
    expect(refusalOf(() => send([nested(512)])).type).toBe('nested too deeply');
    const looping: unknown[] = [];
    looping.push(looping);
    expect(refusalOf(() => send(looping)).type).toBe('contains itself');
    expectSame(send([first, nested(511)]), [first, nested(511)]);
  });

  it('are large by themselves, whatever comes between', () => {
    const encoder = new BodyEncoder(true);
    const decoder = new BodyDecoder();
    const value = { kind: 'large', text: 'x'.repeat(LARGE) };
    const large = encoder.encode([value], LARGE);
    expect(large.isAlone).toBe(true);
    const kept = Buffer.from(large.bytes);
    const small = encoder.encode([{ kind: 'small' }], LARGE);
    expect(small.isAlone).toBe(false);
    expectSame(decoder.decode(small.bytes, false), [{ kind: 'small' }]);
    expectSame(decoder.decode(kept, true), [value]);
  });

  it('that were not sent leave no trace', () => {
    const encoder = new BodyEncoder(true);
    const decoder = new BodyDecoder();
    const sent = (value: unknown, isDropped = false): void => {
      const { bytes, isAlone } = encoder.encode([value], LARGE);
      if (isDropped) encoder.forget();
      else expectSame(decoder.decode(Buffer.from(bytes), isAlone), [value]);
    };
    for (let i = 0; i < 3; i++) sent({ a: i });
    // The second of a kind defines it.
    sent({ a: 1, b: 1 });
    sent({ a: 1, b: 2 }, true);
    for (let i = 0; i < 3; i++) sent({ c: { a: i, b: i }, a: i });
    sent({ d: 1 }, true);
    sent({ d: 1 }, true);
    sent([{ d: 1 }, { a: 1, b: 1 }]);
  });

  it('that name shapes without end are refused', () => {
    const decoder = new BodyDecoder();
    // One value: the definition of an object with the key `a`, and what it has there.
    const define = Uint8Array.of(1, 0xc1, 1, 0x81, 0x61, 7);
    for (let i = 0; i < 4096; i++) expect(decoder.decode(define, false)).toEqual([{ a: 7 }]);
    expect(readOrRefused(() => decoder.decode(define, false))).toBe(false);
  });

  it('are refused that claim a list of four milliards, or stand too deep', () => {
    const decoder = new BodyDecoder();
    for (const bytes of [
      Uint8Array.of(0x9b, 0, 0, 0, 1, 0, 0, 0, 0),
      Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff),
      Uint8Array.of(0x81, 0x5a, 0xff, 0xff, 0xff, 0xff),
      new Uint8Array(1 << 20).fill(0x81),
    ])
      for (const isAlone of [true, false])
        expect(readOrRefused(() => decoder.decode(bytes, isAlone))).toBe(false);
  });
});
