import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameOptions, FrameReader, pack } from '../../src/netpack/index.ts';
import { bytesOf, rowsOf, type Written } from '../vectors/rows.ts';

interface StreamRow {
  fn: string;
  note: string;
  chunks: Written[];
  packets: Written[];
}

const streams = rowsOf<StreamRow>('netpack.json').filter((row) => row.fn === 'stream');

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** What a fresh reader makes of the chunks; each chunk is overwritten after the call, as a reused buffer would be. */
function owned(chunks: readonly Uint8Array[], options?: FrameOptions): string[] {
  const reader = new FrameReader(options);
  const frames: Uint8Array[] = [];
  for (const chunk of chunks) {
    const memory = chunk.slice();
    reader.pushOwned(memory, (frame) => frames.push(frame));
    memory.fill(0xee);
  }
  return frames.map(hex);
}

function viewed(chunks: readonly Uint8Array[], options?: FrameOptions): string[] {
  const reader = new FrameReader(options);
  const frames: string[] = [];
  for (const chunk of chunks) {
    const memory = chunk.slice();
    reader.push(memory, (buffer, start, end) => frames.push(hex(buffer.subarray(start, end))));
    memory.fill(0xee);
  }
  return frames;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

function cut(stream: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (stream.length + 1)))].sort((a, b) => a - b);
  return [...sorted, stream.length].map((to, i) => stream.subarray(i === 0 ? 0 : sorted[i - 1], to));
}

describe('FrameReader', () => {
  it.each(streams.map((row): [string, StreamRow] => [row.note, row]))(
    'reads as the original does: %s',
    (_, row) => {
      const chunks = row.chunks.map(bytesOf);
      const packets = row.packets.map((packet) => hex(bytesOf(packet)));
      expect(owned(chunks)).toEqual(packets);
      expect(viewed(chunks)).toEqual(packets);
      expect(owned([concat(chunks)])).toEqual(packets);
    },
  );

  it('gives the same frames however the stream is cut', () => {
    const sizes = fc.oneof(
      { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: 4090, max: 20000 }).map((n) => new Uint8Array(n).fill(n)) },
    );
    fc.assert(
      fc.property(
        fc.array(sizes, { maxLength: 12 }),
        fc.array(fc.nat(100_000), { maxLength: 30 }),
        fc.constantFrom<2 | 4>(2, 4),
        (payloads, places, header) => {
          const chunks = cut(concat(payloads.map((payload) => pack(payload, { header }))), places);
          const expected = payloads.map(hex);
          expect(owned(chunks, { header })).toEqual(expected);
          expect(viewed(chunks, { header })).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives the same frames byte by byte', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 }), (payloads) => {
        const bytes = Array.from(concat(payloads.map((payload) => pack(payload))), (byte) =>
          Uint8Array.of(byte),
        );
        expect(owned(bytes)).toEqual(payloads.map(hex));
      }),
    );
  });

  it('reads views into larger memory, and buffers of the host', () => {
    const memory = Buffer.from('ffff0002616200016300', 'hex');
    const frames: string[] = [];
    new FrameReader().pushOwned(memory.subarray(2, 9), (frame) => frames.push(hex(frame)));
    expect(frames).toEqual(['6162', '63']);
  });

  it('gives each frame its own bytes, whatever lies before and behind it in the chunk', () => {
    for (let size = 0; size < 100; size++) {
      const payload = new Uint8Array(size).fill(size + 1);
      const frame = pack(payload);
      const expected = hex(payload);
      expect(owned([frame])).toEqual([expected]);
      expect(owned([concat([frame, Uint8Array.of(0)])])).toEqual([expected]);
      expect(owned([concat([frame, frame, Uint8Array.of(0, 9, 9)])])).toEqual([expected, expected]);
    }
  });

  it('counts the bytes of the frame that has begun', () => {
    const reader = new FrameReader({ header: 4 });
    const counted: number[] = [];
    for (const chunk of ['00', '0000', '0363', '6465', '00000000', '0000']) {
      reader.push(Buffer.from(chunk, 'hex'), () => counted.push(-1));
      counted.push(reader.pendingBytes);
    }
    expect(counted).toEqual([1, 3, 5, -1, 0, -1, 0, 2]);
  });

  it('does not allocate what a peer announces before it arrives', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 2000 }, () => new FrameReader({ header: 4 }));
    // Together 32 GB are announced, and 4 bytes of each arrive.
    for (const reader of readers)
      reader.push(Uint8Array.of(0, 0xff, 0xff, 0xff, 1, 2, 3, 4), () => undefined);
    expect(readers.every((reader) => reader.pendingBytes === 8)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
  });

  describe('room', () => {
    /** Reads a stream as a connection does: into the room while there is one, as far as bytes have come. */
    function readIntoRooms(stream: Uint8Array, sizes: readonly number[], header: 2 | 4): Uint8Array[] {
      const reader = new FrameReader({ header });
      const shared = new Uint8Array(0x1_0000);
      const frames: Uint8Array[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const into = reader.room() ?? shared;
        expect(into.length).toBeLessThanOrEqual(Math.max(0x1_0000, 2 * reader.pendingBytes) + 8192);
        const came = stream.subarray(
          at,
          at + Math.min(into.length, sizes[i % sizes.length] ?? stream.length),
        );
        into.set(came);
        reader.push(into.subarray(0, came.length), (buffer, start, end) =>
          frames.push(
            buffer === into || buffer.buffer === shared.buffer
              ? buffer.slice(start, end)
              : buffer.subarray(start, end),
          ),
        );
        shared.fill(0xee);
        at += came.length;
      }
      expect(reader.pendingBytes).toBe(0);
      return frames;
    }

    it('takes the bytes of large frames where they are to lie, however they come', () => {
      const payload = fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc
          .integer({ min: 0, max: 0xffff })
          .map((size) => Uint8Array.from({ length: size }, (_, i) => i * 31 + size)),
      );
      fc.assert(
        fc.property(
          fc.array(payload, { maxLength: 8 }),
          fc.array(fc.integer({ min: 1, max: 80_000 }), { maxLength: 8 }),
          fc.constantFrom<2 | 4>(2, 4),
          (payloads, sizes, header) => {
            const stream = concat(payloads.map((one) => pack(one, { header })));
            // Compared at the end: what is read on behind a frame must not change it.
            expect(readIntoRooms(stream, sizes, header).map(hex)).toEqual(payloads.map(hex));
          },
        ),
        { numRuns: 100 },
      );
    });

    it('grows with what has come of a frame, not with what was announced', () => {
      const reader = new FrameReader({ header: 4 });
      reader.push(Uint8Array.of(0, 0xff, 0xff, 0xff), () => undefined);
      expect(reader.room()?.length).toBe(4096);
      let come = 0;
      for (let room = reader.room(); come < 1 << 20; room = reader.room()) {
        expect(room?.length).toBeLessThanOrEqual(Math.max(0x1_0000 + 4100, come));
        reader.push(room as Uint8Array, () => undefined);
        come += (room as Uint8Array).length;
        expect(reader.pendingBytes).toBe(come + 4);
      }
    });

    it('is not there between frames, in a header, and within a small frame', () => {
      const reader = new FrameReader();
      const rooms = ['', 'ff', '0000', '7fff01', '0000'].map((text) => {
        reader.push(Buffer.from(text, 'hex'), () => undefined);
        return reader.room();
      });
      expect(rooms[0]).toBeUndefined();
      expect(rooms[1]).toBeUndefined();
      expect(rooms[2]?.length).toBeGreaterThan(4000);
      reader.reset();
      reader.push(Uint8Array.of(0x7f, 0xff, 1), () => undefined);
      expect(reader.room()).toBeUndefined();
      reader.reset();
      expect(reader.room()).toBeUndefined();
    });

    it('may be left alone: bytes from elsewhere are copied', () => {
      const reader = new FrameReader();
      const payload = new Uint8Array(50_000).fill(7);
      const stream = pack(payload);
      reader.push(stream.subarray(0, 10), () => undefined);
      expect(reader.room()).toBeDefined();
      const frames: string[] = [];
      reader.push(stream.subarray(10), (buffer, start, end) => frames.push(hex(buffer.subarray(start, end))));
      expect(frames).toEqual([hex(payload)]);
    });
  });

  describe('above the limit', () => {
    const refusal = expect.objectContaining({
      code: 'ERR_FRAME_TOO_LARGE',
      message: 'A frame of 11 bytes is above the limit of 10 bytes',
      details: { size: 11, limit: 10 },
    });

    it.each([1, 2, 3, 6, 99])('refuses as soon as the header is there, in pieces of %i', (piece) => {
      const stream = concat([pack('ten chars.'), Uint8Array.of(0, 11)]);
      const reader = new FrameReader({ limit: 10 });
      const frames: string[] = [];
      const feed = (from: number): void =>
        reader.pushOwned(stream.slice(from, from + piece), (frame) =>
          frames.push(Buffer.from(frame).toString()),
        );
      const last = Math.floor((stream.length - 1) / piece) * piece;
      for (let from = 0; from < last; from += piece) feed(from);
      expect(() => feed(last)).toThrow(refusal);
      expect(frames).toEqual(['ten chars.']);
      expect(reader.pendingBytes).toBe(0);
    });

    it('refuses also a frame that is there as a whole', () => {
      const frames: string[] = [];
      const reader = new FrameReader({ limit: 10 });
      const push = (): void => reader.pushOwned(pack('elevenchars'), (frame) => frames.push(hex(frame)));
      expect(push).toThrow(refusal);
      expect(frames).toEqual([]);
    });

    it('goes on refusing until it is reset', () => {
      const reader = new FrameReader({ limit: 10 });
      const frames: string[] = [];
      const onFrame = (frame: Uint8Array): void => void frames.push(hex(frame));
      expect(() => reader.pushOwned(Uint8Array.of(0, 11), onFrame)).toThrow(refusal);
      expect(() => reader.pushOwned(Uint8Array.of(0, 1, 5), onFrame)).toThrow(refusal);
      expect(frames).toEqual([]);
      reader.reset();
      reader.pushOwned(Uint8Array.of(0, 1, 5), onFrame);
      expect(frames).toEqual(['05']);
    });

    it('reads sizes of 4 bytes without sign', () => {
      const reader = new FrameReader({ header: 4 });
      expect(() => reader.push(new Uint8Array(4).fill(0xff), () => undefined)).toThrow(
        expect.objectContaining({ details: { size: 0xffff_ffff, limit: 0xff_ffff } }),
      );
    });
  });

  it('forgets a partial frame at reset', () => {
    const reader = new FrameReader();
    const frames: string[] = [];
    reader.pushOwned(Uint8Array.of(0, 5, 1), () => frames.push('early'));
    reader.reset();
    expect(reader.pendingBytes).toBe(0);
    reader.pushOwned(Uint8Array.of(0, 1, 2), (frame) => frames.push(hex(frame)));
    expect(frames).toEqual(['02']);
  });

  it.each([
    ['inside a chunk', ['00016100016200', '000163']],
    ['over two chunks', ['0001', '6100016200', '000163']],
  ])('drops the rest of the chunk when a frame resets it, %s', (_, chunks) => {
    const reader = new FrameReader();
    const frames: string[] = [];
    for (const chunk of chunks) {
      reader.pushOwned(Buffer.from(chunk, 'hex'), (frame) => {
        frames.push(hex(frame));
        reader.reset();
      });
    }
    expect(frames).toEqual(['61', '63']);
    expect(reader.pendingBytes).toBe(0);
  });

  describe('a callback that throws', () => {
    it.each([
      ['the second', 'b', ['0001610001620001630005', '6162636465']],
      ['one over two chunks', 'b', ['0001610001', '620001630005', '6162636465']],
    ])('does not lose the frames behind it: %s', (_, bad, chunks) => {
      const reader = new FrameReader();
      const frames: string[] = [];
      const failures: unknown[] = [];
      const failure = new Error('handler');
      for (const chunk of chunks) {
        try {
          reader.pushOwned(Buffer.from(chunk, 'hex'), (frame) => {
            const text = Buffer.from(frame).toString();
            frames.push(text);
            if (text === bad) throw failure;
          });
        } catch (error) {
          failures.push(error);
        }
      }
      expect(frames).toEqual(['a', 'b', 'c', 'abcde']);
      expect(failures).toEqual([failure]);
      expect(failures[0]).toBe(failure);
    });

    it('is heard each time, also beside a frame that is refused', () => {
      const reader = new FrameReader({ limit: 1 });
      const failing = (buffer: Uint8Array, start: number): void => {
        throw new Error(`frame ${buffer[start]}`);
      };
      const two = { errors: [new Error('frame 1'), new Error('frame 2')] };
      expect(() => reader.push(Uint8Array.of(0, 1, 1, 0, 1, 2), failing)).toThrow(
        expect.objectContaining(two),
      );
      expect(() => reader.push(Uint8Array.of(0, 1, 1, 0, 2), failing)).toThrow(
        expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE', cause: new Error('frame 1') }),
      );
    });
  });

  it('refuses to be pushed from its own callback, and survives that', () => {
    const reader = new FrameReader();
    const frames: string[] = [];
    expect(() =>
      reader.push(ascii('\0\x01a\0\x01b'), (buffer, start, end) => {
        frames.push(hex(buffer.subarray(start, end)));
        if (frames.length === 1) reader.push(Uint8Array.of(0), () => undefined);
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_FRAME_READER_BUSY' }));
    reader.pushOwned(ascii('\0\x01c'), (frame) => frames.push(hex(frame)));
    expect(frames).toEqual(['61', '62', '63']);
  });

  it('refuses chunks and options of the wrong kind', () => {
    const refusal = expect.objectContaining({ code: 'ERR_ARGUMENT' });
    for (const chunk of ['\0\x01a', undefined, null, [0, 0], new ArrayBuffer(2)]) {
      expect(() => new FrameReader().push(chunk as unknown as Uint8Array, () => undefined)).toThrow(refusal);
    }
    expect(() => new FrameReader({ header: 1 as 2 })).toThrow(refusal);
    expect(() => new FrameReader({ limit: 65536 })).toThrow(refusal);
  });
});
