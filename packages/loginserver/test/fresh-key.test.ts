import { expect, test, vi } from 'vitest';
import { freshKey } from '../src/fresh-key.ts';

test('keys have 8 bytes of the host each, which are given once', () => {
  // What was asked for before.
  for (let i = 0; i < 32; i++) freshKey();
  let last = 0;
  vi.stubGlobal('crypto', {
    getRandomValues: (target: Uint8Array) => {
      for (let at = 4; at < target.length; at += 8) new DataView(target.buffer).setUint32(at, ++last);
      return target;
    },
  });
  const keys = Array.from({ length: 100 }, freshKey);
  vi.unstubAllGlobals();
  const first = keys.findIndex((key) => new DataView(key.buffer).getUint32(4) === 1);
  expect(first).toBeGreaterThanOrEqual(0);
  expect(first).toBeLessThan(32);
  const numbers = keys.slice(first).map((key) => new DataView(key.buffer).getUint32(4));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  expect(keys.every((key) => key.length === 8)).toBe(true);
});

test('a key is never 0', () => {
  for (let i = 0; i < 32; i++) freshKey();
  vi.stubGlobal('crypto', { getRandomValues: (target: Uint8Array) => target.fill(0) });
  const keys = Array.from({ length: 64 }, freshKey);
  vi.unstubAllGlobals();
  expect(keys.some((key) => key.every((byte) => byte === 0))).toBe(false);
  expect([...(keys[63] as Uint8Array)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
});
