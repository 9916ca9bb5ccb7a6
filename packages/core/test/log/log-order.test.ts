import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogOrder } from '../../src/log/log-order.ts';

test('lines come out by number, whatever order they arrive in', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.infiniteStream(fc.nat()), (count, keys) => {
      const arrival = Array.from({ length: count }, (_, number) => ({
        number,
        key: keys.next().value as number,
      }));
      arrival.sort((a, b) => a.key - b.key);
      const written: number[] = [];
      const order = new LogOrder(0, (source) => written.push(source));
      for (const { number } of arrival) order.add(number, number, '');
      expect(written).toEqual(Array.from({ length: count }, (_, number) => number));
    }),
  );
});

test('numbers that never come do not hold the others for ever', () => {
  const written: string[] = [];
  const order = new LogOrder(0, (_source, text) => written.push(text));
  order.add(3, 0, 'three');
  order.add(1, 0, 'one');
  expect(written).toEqual([]);
  order.skipMissing();
  order.add(4, 0, 'four');
  expect(written).toEqual(['one', 'three', 'four']);
});
