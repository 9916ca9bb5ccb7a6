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

  it('gives each byte of the host once, and asks again when they are used up', () => {
    let next = 0;
    vi.stubGlobal('crypto', {
      getRandomValues: (target: Uint8Array) => {
        const bytes = new DataView(target.buffer, target.byteOffset, target.length);
        for (let at = 0; at < target.length; at += 4) bytes.setUint32(at, ++next);
        return target;
      },
    });
    const words = Array.from({ length: 300 }, () => randomkey()).flatMap((key) => {
      const view = new DataView(key.buffer, key.byteOffset, key.length);
      return [view.getUint32(0), view.getUint32(4)];
    });
    expect(words).toEqual(Array.from({ length: 600 }, (_, at) => at + 1));
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
