import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkDecoder } from '../../src/codec/link-decoder.ts';
import { LinkEncoder } from '../../src/codec/link-encoder.ts';
import { Region } from '../../src/codec/region.ts';
import { isSkynetError } from '../../src/errors.ts';
import { anyValue, expectSame, refusalOf } from './values.ts';

const SIZE = 1 << 20;
const region = new Region(new SharedArrayBuffer(SIZE));

function link(): {
  send: (...values: unknown[]) => unknown[];
  sizeOf: (...values: unknown[]) => number;
  encoder: LinkEncoder;
} {
  const encoder = new LinkEncoder();
  const decoder = new LinkDecoder();
  const sizeOf = (...values: unknown[]): number => {
    const end = encoder.encode(values, region, 8, SIZE);
    expectSame(decoder.decode(region, 8, end), values);
    return end - 8;
  };
  return {
    encoder,
    sizeOf,
    send: (...values) => decoder.decode(region, 0, encoder.encode(values, region, 0, SIZE)),
  };
}

const object = { id: 1, name: 'nengzhong', pos: { x: 1.5, y: 2.5, z: 3.5 }, tags: ['a', 'b', 'c'], hp: 100 };

describe('the link codec', () => {
  it('sends the keys of an object once: inline, with a number, then the number alone', () => {
    const { sizeOf } = link();
    const sizes = [1, 2, 3, 4].map(() => sizeOf(object));
    expect(sizes[2]).toBeLessThan((sizes[0] as number) - 20);
    expect(sizes[3]).toBe(sizes[2]);
    expect(sizes[3]).toBe(52);
  });

  it('gives no numbers to objects used as dictionaries', () => {
    const { send, sizeOf } = link();
    for (let i = 0; i < 3; i++) send(object);
    const known = sizeOf(object);
    for (let i = 0; i < 60_000; i++) send({ [`player${i}`]: 1 });
    // The tree of keys was thrown away several times on the way; shapes in use come back.
    for (let i = 0; i < 3; i++) send(object);
    expect(sizeOf(object)).toBe(known);
  });

  it('carries objects with more keys than a shape has', () => {
    const { sizeOf } = link();
    const wide = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]));
    sizeOf(wide);
    sizeOf(wide, object);
    for (let i = 0; i < 4; i++) sizeOf({ ['k'.repeat(65)]: 1, b: { ['k'.repeat(64)]: 2 } });
  });

  it('carries text of every length and width', () => {
    const { send } = link();
    for (const wide of ['', 'é', '中', '😀', '\ud83d']) {
      for (let length = 0; length < 150; length++) {
        const texts = [0, 1, 2, 3, 4, 5].map(
          (count) => 'a'.repeat(length) + wide.repeat(count) + 'b'.repeat(length % 7),
        );
        expectSame(send(texts), [texts]);
      }
    }
  });

  it('tells two lists of keys with the same beginning apart', () => {
    const { sizeOf } = link();
    for (let i = 0; i < 4; i++) {
      for (const value of [{}, { a: 1 }, { a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1, c: { a: 1, b: {} } }])
        sizeOf(value, [value]);
    }
  });

  it('writes a message whole or not at all, and nothing beyond its bounds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(anyValue, { maxLength: 4 }), fc.nat(300)), { maxLength: 12 }),
        (messages) => {
          const encoder = new LinkEncoder();
          const decoder = new LinkDecoder();
          const small = new Region(new ArrayBuffer(400));
          for (const [values, room] of messages) {
            small.bytes.fill(0xee);
            let used = small;
            let end = encoder.encode(values, small, 16, 16 + room);
            expect(small.bytes.subarray(0, 16).every((byte) => byte === 0xee)).toBe(true);
            expect(small.bytes.subarray(16 + room).every((byte) => byte === 0xee)).toBe(true);
            if (end === -1) {
              // The decoder has not heard of it; the same values go through with more room.
              used = region;
              end = encoder.encode(values, region, 16, SIZE);
              expect(end).toBeGreaterThan(16 + room - 10);
            }
            expectSame(decoder.decode(used, 16, end), values);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('goes on after a refused message as if it had not been', () => {
    const { encoder, send } = link();
    send(object);
    expect(
      refusalOf(() => encoder.encode([object, { fresh: { a: 1 } }, () => 0], region, 0, SIZE)).path,
    ).toBe('$[2]');
    for (let i = 0; i < 3; i++) expectSame(send(object, { fresh: { a: 1 } }), [object, { fresh: { a: 1 } }]);
  });

  it('tells the decoder that the tree was thrown away, also when the first message after that did not fit', () => {
    const { encoder, send } = link();
    for (let i = 0; i < 3; i++) send(object);
    for (let i = 0; i < 2; i++) {
      for (let k = 0; k < 9000; k++)
        expect(encoder.encode([{ [`k${i}-${k}`]: 1 }, 'x'.repeat(100)], region, 0, 64)).toBe(-1);
      // Numbers are given anew, and not in the order of before.
      const other = { [`other${i}`]: 1 };
      for (let k = 0; k < 4; k++) expectSame(send(other, object), [other, object]);
    }
  });

  it('refuses a value that changes while it is read', () => {
    const { encoder, send } = link();
    const shrinking = (): object => ({
      get first(): unknown {
        delete (this as { second?: number }).second;
        return 1;
      },
      second: 2,
    });
    const map = new Map<string, unknown>();
    map.set('grow', {
      get here(): number {
        return map.set('more', 1).size;
      },
    });
    const expectChanged = (value: unknown): void => {
      const changed = { path: '$', type: 'changed while it was read' };
      expect(refusalOf(() => encoder.encode([value], region, 0, SIZE))).toEqual(changed);
    };
    expectChanged(map);
    expectChanged(shrinking());
    for (let i = 0; i < 3; i++) send({ first: 1, second: 2 });
    expectChanged(shrinking());
    expectSame(send(object), [object]);
  });

  it('refuses a message sent by a getter of the one that is being written', () => {
    const { encoder, send } = link();
    const sending = {
      get now(): number {
        return encoder.encode([1], region, 0, SIZE);
      },
    };
    expect(refusalOf(() => encoder.encode([sending], region, 0, SIZE)).type).toBe(
      'sends a message while it is read',
    );
    expectSame(send(object), [object]);
  });

  it('does not take bytes that no encoder wrote for a message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const noise = new Region(new ArrayBuffer(bytes.length));
        noise.bytes.set(bytes);
        try {
          expect(Array.isArray(new LinkDecoder().decode(noise, 0, bytes.length))).toBe(true);
        } catch (thrown) {
          expect(isSkynetError(thrown, 'ERR_SERI_MALFORMED')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
