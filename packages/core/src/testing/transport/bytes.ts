import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So many bytes that look arbitrary, the same for the same seed. */
export function pattern(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets V8 collect what nobody holds, and use that memory again. */
export function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  for (let i = 0; i < 1000; i++) new Uint8Array(10).fill(255).buffer;
}

/** Asserts that what was received is exactly that, without printing megabytes. */
export function same(received: Uint8Array, expected: Uint8Array): void {
  assert.equal(received.length, expected.length);
  assert.equal(Buffer.compare(received, expected), 0, 'the bytes differ');
}
