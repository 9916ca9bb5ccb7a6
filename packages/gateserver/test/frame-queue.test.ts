import { readFileSync } from 'node:fs';
import { pack } from '@skynet/core/netpack';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameQueue } from '../src/frame-queue.ts';

function takeAll(queue: FrameQueue): string[] {
  const frames: string[] = [];
  for (let frame = queue.take(); frame !== undefined; frame = queue.take())
    frames.push(Buffer.from(frame).toString('hex'));
  return frames;
}

interface Row {
  fn: string;
  chunks?: string[];
  packets?: string[];
}

const { rows } = JSON.parse(readFileSync(new URL('./vectors/netpack.json', import.meta.url), 'utf8')) as {
  rows: Row[];
};
const streams = rows.filter(({ fn }) => fn === 'stream');

describe('frame queue', () => {
  test('there are recorded streams', () => expect(streams.length).toBeGreaterThan(0));

  test.each(streams.map((row, i) => [i, row] as const))(
    'recorded stream %i',
    (_i, { chunks = [], packets = [] }) => {
      const queue = new FrameQueue(2, 0xffff);
      const frames = chunks.flatMap((chunk) => {
        queue.add(Buffer.from(chunk, 'hex'));
        return takeAll(queue);
      });
      expect(frames).toEqual(packets);
    },
  );

  test('any packets, cut anywhere, taken at any time, come out as they went in', () => {
    const packets = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 0, max: 40_000 }).map((size) => new Uint8Array(size).fill(size)),
      ),
    );
    fc.assert(
      fc.property(
        packets,
        fc.constantFrom(2 as const, 4 as const),
        fc.array(fc.integer({ min: 1, max: 70_000 })),
        fc.func(fc.boolean()),
        (list, header, cuts, takeNow) => {
          const queue = new FrameQueue(header, 0xffff);
          const stream = Buffer.concat(list.map((packet) => pack(packet, { header })));
          const taken: string[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = cuts[i % Math.max(1, cuts.length)] ?? stream.length;
            const chunk = Buffer.from(stream.subarray(at, at + size));
            queue.add(chunk);
            // The connection reads the next bytes into the same memory.
            chunk.fill(0xee);
            at += size;
            if (takeNow(i)) taken.push(...takeAll(queue));
          }
          taken.push(...takeAll(queue));
          expect(taken).toEqual(list.map((packet) => Buffer.from(packet).toString('hex')));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('any packets, each taken at any time, come out as they went in', () => {
    const packets = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.integer({ min: 0, max: 9000 }).map((size) => new Uint8Array(size).fill(size)),
      ),
    );
    fc.assert(
      fc.property(
        packets,
        fc.array(fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 5000 })), {
          minLength: 1,
        }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1 }),
        (list, cuts, takes) => {
          const queue = new FrameQueue(2, 0xffff);
          const stream = Buffer.concat(list.map((packet) => pack(packet)));
          const taken: string[] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = at + (cuts[i % cuts.length] as number);
            queue.add(stream.subarray(at, end));
            at = end;
            for (let left = takes[i % takes.length] as number; left > 0; left--) {
              const frame = queue.take();
              if (frame !== undefined) taken.push(Buffer.from(frame).toString('hex'));
            }
          }
          taken.push(...takeAll(queue));
          expect(taken).toEqual(list.map((packet) => Buffer.from(packet).toString('hex')));
          expect(queue.isAtRest).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a packet that comes while one behind another waits has its turn behind both', () => {
    const queue = new FrameQueue(2, 0xffff);
    queue.add(pack('a'));
    queue.add(pack('b'));
    expect(Buffer.from(queue.take() as Uint8Array).toString()).toBe('a');
    expect([queue.isWaiting, queue.isAtRest]).toEqual([true, false]);
    queue.add(pack('c'));
    expect(takeAll(queue)).toEqual(['b', 'c'].map((text) => Buffer.from(text).toString('hex')));
    expect([queue.isWaiting, queue.isAtRest]).toEqual([false, true]);
  });

  test('packets that were read into the room come out as they went in, and stay so', () => {
    const packets = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc
          .integer({ min: 0, max: 0xffff })
          .map((size) => Uint8Array.from({ length: size }, (_, i) => i * 7 + size)),
      ),
    );
    fc.assert(
      fc.property(
        packets,
        fc.constantFrom(2 as const, 4 as const),
        fc.array(fc.integer({ min: 1, max: 80_000 })),
        fc.func(fc.boolean()),
        (list, header, cuts, takeNow) => {
          const queue = new FrameQueue(header, 0xffff);
          const stream = Buffer.concat(list.map((packet) => pack(packet, { header })));
          const shared = new Uint8Array(0x1_0000);
          const taken: Uint8Array[] = [];
          const take = (): void => {
            for (let frame = queue.take(); frame !== undefined; frame = queue.take()) taken.push(frame);
          };
          for (let at = 0, i = 0; at < stream.length; i++) {
            const into = (takeNow(-i) ? queue.room() : undefined) ?? shared;
            const came = stream.subarray(
              at,
              at + Math.min(into.length, cuts[i % cuts.length] ?? stream.length),
            );
            into.set(came);
            queue.add(into.subarray(0, came.length));
            shared.fill(0xee);
            at += came.length;
            if (takeNow(i)) take();
          }
          take();
          expect(taken.map((packet) => Buffer.from(packet).toString('hex'))).toEqual(
            list.map((packet) => Buffer.from(packet).toString('hex')),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a large packet that comes in pieces has nothing for the service to look at until it is whole', () => {
    const queue = new FrameQueue(2, 0xffff);
    const large = new Uint8Array(50_000).fill(7);
    const stream = Buffer.concat([pack('first'), pack(large), pack('last')]);
    queue.add(stream.subarray(0, 7));
    expect(queue.isWaiting).toBe(true);
    expect(takeAll(queue)).toEqual([Buffer.from('first').toString('hex')]);
    for (let at = 7; at < 45_007; at += 5000) {
      queue.add(stream.subarray(at, at + 5000));
      expect(queue.isWaiting).toBe(false);
    }
    queue.add(stream.subarray(45_007));
    expect(queue.isWaiting).toBe(true);
    expect(takeAll(queue)).toEqual([Buffer.from(large).toString('hex'), Buffer.from('last').toString('hex')]);
    expect(queue.isWaiting).toBe(false);
  });

  test('packets do not change when the chunk they came in is used again', () => {
    const queue = new FrameQueue(2, 0xffff);
    const chunk = Buffer.from(pack('hello'));
    queue.add(chunk);
    chunk.fill(0);
    expect(takeAll(queue)).toEqual([Buffer.from('hello').toString('hex')]);
  });

  test('a packet above the limit ends the stream behind those before it', () => {
    const queue = new FrameQueue(2, 8);
    queue.add(Buffer.concat([pack('first'), pack('far too long'), pack('never')]));
    expect(queue.take()).toEqual(new Uint8Array(Buffer.from('first')));
    expect(() => queue.take()).toThrow(
      expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE', details: { size: 12, limit: 8 } }),
    );
    queue.add(pack('never'));
    expect(() => queue.take()).toThrow(expect.objectContaining({ code: 'ERR_FRAME_TOO_LARGE' }));
  });
});
