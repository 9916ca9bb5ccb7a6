import { Encoder } from 'cbor-x';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../test/runs.ts';
import { objection } from '../src/cbor-scan.ts';
import { decodeBody, encodeAnswer, encodeRequest } from '../src/wire.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Values that messages can hold. */
const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      tie('value'),
    ),
    fc.array(fc.tuple(fc.string(), tie('value'))).map((pairs) => new Map(pairs)),
  ),
})).value;

describe('objection', () => {
  test('has none against what the encoder makes, and that comes back as it was', () => {
    fc.assert(
      fc.property(value, (input) => {
        const body = encodeRequest('name', input);
        expect(objection(body)).toBe(undefined);
        const [name, back] = decodeBody(body) ?? [];
        expect(name).toBe('name');
        // Bytes are a Buffer in Node.
        expect(JSON.stringify(plain(back))).toBe(JSON.stringify(plain(input)));
      }),
      { numRuns: runs(200) },
    );
  });

  test('whatever it lets through is decoded, and takes no more memory than its bytes allow', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        if (objection(bytes) !== undefined) return;
        expect(() => new Encoder({ useRecords: false }).decode(bytes)).not.toThrow();
      }),
      { numRuns: runs(2000) },
    );
  });

  test.each([
    ['', 'it ends too early'],
    ['82 61 61', 'it ends too early'],
    ['81 61 61 00', 'bytes behind the end'],
    ['9a ff ff ff ff', 'it ends too early'],
    ['9b 00 00 00 01 00 00 00 00', 'it ends too early'],
    ['5b ff ff ff ff ff ff ff ff', 'it ends too early'],
    ['bb 7f ff ff ff ff ff ff ff', 'it ends too early'],
    ['9f 00 ff', 'an item without a length'],
    ['7f 61 61 ff', 'an item without a length'],
    ['ff', 'an item without a length'],
    ['fc', 'an item without a length'],
    ['c1 00', 'a tag'],
    ['d9 01 02 80', 'a tag'],
    ['d9 01 03 80', 'a tag'],
    ['d9 01 03 d9 01 03 a0', 'a tag'],
    ['a1 01 02', 'a key that is no text'],
    ['f8 20', 'a value that is none'],
    ['e0', 'a value that is none'],
    [`${'81'.repeat(33)}00`, 'too deep'],
    [`${'81'.repeat(60_000)}00`, 'too deep'],
  ])('%#: names what is wrong', (bytes, why) => {
    expect(objection(hex(bytes))).toBe(why);
  });

  test.each([
    '00',
    '81 00',
    `${'81'.repeat(32)}00`,
    'd9 01 03 a1 01 02',
    'f6',
    'f7',
    'f9 00 00',
    'a1 61 61 00',
  ])('%s is well formed', (bytes) => {
    expect(objection(hex(bytes))).toBe(undefined);
  });

  test('answers of nothing are empty', () => {
    expect(Buffer.from(encodeAnswer(undefined)).toString('hex')).toBe('80');
  });
});

/** A value that JSON can show. */
function plain(of: unknown): unknown {
  if (typeof of === 'bigint') return `${of}n`;
  if (typeof of === 'number') return String(Object.is(of, -0) ? 0 : of);
  if (of instanceof Uint8Array) return { bytes: [...of] };
  if (of instanceof Map) return { map: [...of].map(([key, part]) => [key, plain(part)]) };
  if (Array.isArray(of)) return of.map(plain);
  if (typeof of === 'object' && of !== null)
    return Object.entries(of).map(([key, part]) => [key, plain(part)]);
  return of;
}
