import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWrites, WriteBatch } from '../../src/transport/write-batch.ts';

type Write = [id: number, bytes: Uint8Array | null];

const writes: fc.Arbitrary<Write[]> = fc.array(
  fc.tuple(
    fc.oneof(
      fc.constantFrom(1, 2, Number.MAX_SAFE_INTEGER),
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    ),
    fc.oneof(
      fc.constant(null),
      fc.uint8Array({ maxLength: 70 }),
      fc.integer({ min: 0, max: 20_000 }).map((size) => new Uint8Array(size).fill(size)),
    ),
  ),
  { maxLength: 40 },
);

/** The bytes of each connection, with where it was closed. */
function streams(round: readonly Write[]): Map<number, (Buffer | null)[]> {
  const all = new Map<number, (Buffer | null)[]>();
  for (const [id, bytes] of round) {
    const stream = all.get(id) ?? [];
    all.set(id, stream);
    const last = stream.at(-1);
    if (bytes === null) stream.push(null);
    else if (last === null || last === undefined) stream.push(Buffer.from(bytes));
    else stream[stream.length - 1] = Buffer.concat([last, bytes]);
  }
  return all;
}

function read(batch: Uint8Array): Write[] {
  const found: Write[] = [];
  readWrites(batch, (id, bytes) => found.push([id, bytes === null ? null : new Uint8Array(bytes)]));
  return found;
}

describe('WriteBatch', () => {
  it('gives back writes and closings in order, however large, and can be used again', () => {
    fc.assert(
      fc.property(fc.array(writes, { maxLength: 4 }), (rounds) => {
        const batch = new WriteBatch();
        for (const round of rounds) {
          for (const [id, bytes] of round) batch.add(id, bytes);
          expect(batch.isEmpty).toBe(round.length === 0);
          expect(isDeepStrictEqual(streams(read(batch.take())), streams(round))).toBe(true);
          expect(batch.isEmpty).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps what was written, whatever becomes of the bytes', () => {
    const batch = new WriteBatch();
    const bytes = new Uint8Array([1, 2, 3]);
    batch.add(7, bytes);
    bytes.fill(9);
    expect(read(batch.take())).toEqual([[7, new Uint8Array([1, 2, 3])]]);
  });

  it('reads a batch wherever it lies in its memory', () => {
    const batch = new WriteBatch();
    batch.add(7, new Uint8Array([1, 2, 3]));
    batch.add(8, null);
    const taken = batch.take();
    const memory = new Uint8Array(taken.length + 3);
    memory.set(taken, 3);
    expect(read(memory.subarray(3))).toEqual([
      [7, new Uint8Array([1, 2, 3])],
      [8, null],
    ]);
  });

  it('makes one of small writes to one connection that follow each other', () => {
    const batch = new WriteBatch();
    const packet = new Uint8Array(100).fill(1);
    for (let i = 0; i < 32; i++) batch.add(7, packet);
    batch.add(8, packet);
    batch.add(7, packet);
    batch.add(7, null);
    batch.add(7, packet);
    expect(read(batch.take()).map(([id, bytes]) => [id, bytes?.length])).toEqual([
      [7, 3200],
      [8, 100],
      [7, 100],
      [7, undefined],
      [7, 100],
    ]);
  });

  it('is full long before it is large', () => {
    const batch = new WriteBatch();
    let count = 0;
    for (; !batch.isFull; count++) batch.add(1, new Uint8Array(64));
    expect(count).toBeGreaterThan(100);
    expect(batch.take().length).toBeLessThan(1 << 16);
  });
});
