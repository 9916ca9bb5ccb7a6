import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Flusher } from '../../src/transport/flusher.ts';

describe('Flusher', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setImmediate', 'clearImmediate'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('flushes everything once at the end of the turn, in order', () => {
    const flusher = new Flusher();
    const flushed: string[] = [];
    for (const name of ['a', 'b', 'c']) flusher.add({ flush: () => flushed.push(name) });
    expect(flushed).toEqual([]);
    vi.runAllTimers();
    expect(flushed).toEqual(['a', 'b', 'c']);
    vi.runAllTimers();
    expect(flushed).toHaveLength(3);
  });

  it('leaves what is written while it flushes to the next turn', () => {
    const flusher = new Flusher();
    const flushed: string[] = [];
    const second = { flush: () => flushed.push('second') };
    flusher.add({
      flush: () => {
        flushed.push('first');
        flusher.add(second);
      },
    });
    vi.runOnlyPendingTimers();
    expect(flushed).toEqual(['first']);
    vi.runOnlyPendingTimers();
    expect(flushed).toEqual(['first', 'second']);
  });

  it('flushes 128 at a time when there are many, never while one is being written to', async () => {
    const flusher = new Flusher();
    const flushed: number[] = [];
    for (let i = 0; i < 300; i++) {
      flusher.add({ flush: () => flushed.push(i) });
      if (i === 127) expect(flushed).toEqual([]);
      // As between two callbacks of the system.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      expect(flushed.length).toBe(i < 127 ? 0 : i < 255 ? 128 : 256);
    }
    vi.runAllTimers();
    expect(flushed).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('flushes the others when a receiver throws', () => {
    const flusher = new Flusher();
    const flushed: string[] = [];
    flusher.add({ flush: () => flushed.push('before') });
    flusher.add({
      flush: () => {
        throw new Error('thrown by a receiver');
      },
    });
    flusher.add({ flush: () => flushed.push('behind') });
    expect(() => vi.runAllTimers()).toThrow('thrown by a receiver');
    vi.runAllTimers();
    expect(flushed).toEqual(['before', 'behind']);
  });

  it('lends buffers again, empty', () => {
    const flusher = new Flusher();
    const buffer = flusher.lend();
    buffer.add(new Uint8Array(100));
    flusher.giveBack(buffer);
    expect(flusher.lend()).toBe(buffer);
    expect(buffer.length).toBe(0);
    expect(flusher.lend()).not.toBe(buffer);
  });

  it('keeps 4 MiB of buffers at most', () => {
    const flusher = new Flusher();
    const buffers = Array.from({ length: 100 }, () => flusher.lend());
    for (const buffer of buffers) {
      for (let i = 0; i < 10; i++) buffer.add(new Uint8Array(6000));
      flusher.giveBack(buffer);
    }
    const known = new Set(buffers);
    let kept = 0;
    while (known.has(flusher.lend())) kept++;
    expect(kept).toBe(64);
  });
});
