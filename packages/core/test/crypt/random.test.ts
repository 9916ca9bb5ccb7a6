import { afterEach, describe, expect, it, vi } from 'vitest';
import { randomkey } from '../../src/crypt/index.ts';

/** Makes the host's generator give these bytes. */
function hostGives(...bytes: number[]): void {
  vi.stubGlobal('crypto', {
    getRandomValues: (target: Uint8Array) => {
      target.set(bytes);
      return target;
    },
  });
}

describe('randomkey', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('gives 8 bytes, different ones each time', () => {
    const keys = Array.from({ length: 200 }, () => randomkey());
    expect(keys.every((key) => key.length === 8)).toBe(true);
    expect(new Set(keys.map(String)).size).toBe(200);
  });

  it('gives what the host gives', () => {
    hostGives(9, 2, 3, 4, 5, 6, 7, 8);
    expect([...randomkey()]).toEqual([9, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('is never 0, in the way of the original', () => {
    hostGives(0, 0, 0, 0, 0, 0, 0, 0);
    expect([...randomkey()]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    hostGives(6, 6, 0, 0, 0, 0, 7, 7);
    expect([...randomkey()]).toEqual([7, 6, 0, 0, 0, 0, 7, 7]);
  });

  it('fails where the host has no secure generator', () => {
    vi.stubGlobal('crypto', undefined);
    expect(() => randomkey()).toThrow(expect.objectContaining({ code: 'ERR_CRYPT_RANDOM' }));
  });
});
