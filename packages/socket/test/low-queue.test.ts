import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LowQueue } from '../src/low-queue.ts';

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString();

describe('LowQueue', () => {
  test('pieces come out whole and in order, and the size is what waits', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 3000 }), (operations) => {
        const queue = new LowQueue();
        const model: string[] = [];
        for (const [number, add] of operations.entries()) {
          if (add) {
            model.push(String(number));
            queue.add(Buffer.from(String(number)));
          } else expect(text(queue.take())).toBe(model.shift());
          expect(queue.size).toBe(model.join('').length);
          expect(queue.empty).toBe(model.length === 0);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a long line is taken in order', () => {
    const queue = new LowQueue();
    for (let i = 0; i < 5000; i++) queue.add(Buffer.from(String(i)));
    for (let i = 0; i < 5000; i++) expect(text(queue.take())).toBe(String(i));
    expect(queue.empty).toBe(true);
  });
});
