import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Frames, LargeFrames, PreparedFrames } from '../../bench/load-frames.ts';

const KINDS: readonly [string, (id: number, size: number, inflight: number) => Frames][] = [
  ['prepared', (id, size, inflight) => new PreparedFrames(id, size, inflight)],
  ['large', (id, size) => new LargeFrames(id, size)],
];
const shape = fc.record({
  id: fc.nat(10_000),
  size: fc.integer({ min: 8, max: 300 }),
  inflight: fc.integer({ min: 1, max: 6 }),
  // How many leave together, one time after the other.
  counts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }),
});

/** Everything that is sent: never more at a time than may be on their way. */
function stream(frames: Frames, { counts, inflight }: { counts: number[]; inflight: number }): Buffer {
  return Buffer.concat(
    counts.flatMap((count) => frames.next(Math.min(count, inflight)).map((piece) => Buffer.from(piece))),
  );
}

test.each(KINDS)('%s frames: what is sent matches, in whatever pieces it comes', (_name, make) => {
  fc.assert(
    fc.property(shape, fc.infiniteStream(fc.integer({ min: 1, max: 700 })), (given, sizes) => {
      const frames = make(given.id, given.size, given.inflight);
      const sent = stream(frames, given);
      for (let at = 0; at < sent.length; ) {
        const size = Math.min(sizes.next().value as number, sent.length - at);
        // What was read lies somewhere in a buffer.
        const buffer = Buffer.concat([Buffer.alloc(3), sent.subarray(at, at + size)]);
        expect(frames.matches(buffer, 3, 3 + size, at)).toBe(true);
        at += size;
      }
    }),
  );
});

test.each(KINDS)(
  '%s frames: a byte that is another is seen, and so are frames in another order',
  (_name, make) => {
    fc.assert(
      fc.property(shape, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, where, change) => {
        const frames = make(given.id, given.size, given.inflight);
        const sent = stream(frames, given);
        const at = where % sent.length;
        sent[at] = (sent[at] as number) ^ change;
        expect(frames.matches(sent, 0, sent.length, 0)).toBe(false);
        sent[at] = (sent[at] as number) ^ change;
        expect(frames.matches(sent, 0, sent.length, 0)).toBe(true);
        // The same bytes one frame later are other frames.
        expect(frames.matches(sent, 0, sent.length, frames.length)).toBe(false);
      }),
    );
  },
);

test.each(KINDS)('%s frames hold their length, their connection and their number', (_name, make) => {
  const frames = make(7, 1000, 3);
  const bytes = stream(frames, { counts: [2, 1], inflight: 3 });
  for (let i = 0; i < 3; i++) {
    const frame = bytes.subarray(i * frames.length);
    expect([frame.readUInt16BE(0), frame.readUInt32BE(2), frame.readUInt32BE(6)]).toEqual([1000, 7, i]);
  }
  expect(bytes.length).toBe(3 * 1002);
});
