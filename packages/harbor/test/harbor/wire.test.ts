import { isSkynetError } from '@skynet/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import {
  createMasterReader,
  createSlaveReader,
  encodeControl,
  type ToMaster,
  type ToSlave,
  UNKNOWN,
} from '../../src/harbor/control.ts';
import { createFrameReader, encodeFrame, MAX_CONTENT, MAX_FRAME } from '../../src/harbor/frame.ts';
import { bytesOf, expectBytes, readValue, rowsOf, type Written, type WrittenValue } from '../vectors/rows.ts';

type Row =
  | { fn: 'control'; args: WrittenValue[]; out: string }
  | {
      fn: 'message';
      note: string;
      source: number;
      destination: number;
      type: number;
      session: number;
      payload: Written;
      out: Written;
    }
  | { kind: 'transcript' };

const rows = rowsOf<Row>('harbor.json');
const controls = rows.filter((row) => 'fn' in row && row.fn === 'control');
const messages = rows.filter((row) => 'fn' in row && row.fn === 'message');

type Frame = [content: string, source: number, type: number, destination: number, session: number];

/** What a reader makes of chunks, and what it fails with. */
function framesOf(chunks: readonly Uint8Array[]): { frames: Frame[]; error: unknown } {
  const frames: Frame[] = [];
  const read = createFrameReader(
    (content, ...rest) => frames.push([Buffer.from(content).toString('hex'), ...rest]),
    (length) => new RangeError(`short: ${length}`),
  );
  try {
    for (const chunk of chunks) read(chunk);
  } catch (error) {
    return { frames, error };
  }
  return { frames, error: undefined };
}

function controlsOf(
  chunks: readonly Uint8Array[],
  create: typeof createMasterReader | typeof createSlaveReader,
) {
  const read: unknown[] = [];
  const reader = create((message) => read.push(message));
  for (const chunk of chunks) reader(chunk);
  return read;
}

/** The bytes in pieces of random sizes. */
const cut = (bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    pieces.push(bytes.slice(at, at + size));
    at += size;
  }
  return pieces;
};

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

describe('frames between two nodes', () => {
  test('there are rows of both kinds', () => {
    expect(controls.length).toBeGreaterThan(15);
    expect(messages.length).toBeGreaterThan(15);
  });

  test.each(messages)('$note: written and read as the original does', (row) => {
    const { payload, source, type, destination, session, out } = row;
    const content = bytesOf(payload);
    const frame = encodeFrame(content, source, type, destination, session);
    expectBytes(frame, out);
    expect(framesOf([frame]).frames).toEqual([
      [Buffer.from(content).toString('hex'), source, type, destination, session],
    ]);
  });

  test('come whole however the bytes are cut', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    const frame = fc.tuple(
      fc.uint8Array({ maxLength: 60 }),
      word,
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 0xffffff }),
      word,
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), sizes, (list, pieces) => {
        const bytes = Buffer.concat(list.map((parts) => encodeFrame(...parts)));
        expect(framesOf(cut(bytes, pieces))).toEqual({
          frames: list.map(([content, ...rest]) => [Buffer.from(content).toString('hex'), ...rest]),
          error: undefined,
        });
      }),
      { numRuns: runs(200) },
    );
  });

  test('the largest content fits exactly', () => {
    const frame = encodeFrame(new Uint8Array(MAX_CONTENT), 1, 10, 2, 3);
    expect(frame.readUInt32BE(0)).toBe(MAX_FRAME);
    expect(framesOf([frame]).frames[0]?.[0]).toHaveLength(MAX_CONTENT * 2);
  });

  test.each(['ffffffff', '01000000', '80000000'])(
    'a length of 0x%s is refused, and takes no memory',
    (length) => {
      const before = encodeFrame(Uint8Array.of(7), 1, 10, 2, 3);
      const { frames, error } = framesOf([before, bytesOf(length)]);
      expect(frames).toHaveLength(1);
      expect(isSkynetError(error, 'ERR_FRAME_TOO_LARGE')).toBe(true);
    },
  );

  test('a length without room for the trailer is refused; nothing behind it is read', () => {
    const good = encodeFrame(Uint8Array.of(7), 1, 10, 2, 3);
    const { frames, error } = framesOf([
      Buffer.concat([good, bytesOf('0000000b'), new Uint8Array(11), good]),
    ]);
    expect(frames).toHaveLength(1);
    expect(error).toEqual(new RangeError('short: 11'));
  });

  test('garbage ends in frames or in a refusal, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), sizes, (bytes, pieces) => {
        const { frames, error } = framesOf(cut(bytes, pieces));
        expect(frames.length * 16).toBeLessThanOrEqual(bytes.length);
        expect(
          error === undefined || isSkynetError(error, 'ERR_FRAME_TOO_LARGE') || error instanceof RangeError,
        ).toBe(true);
      }),
      { numRuns: runs(2000) },
    );
  });
});

describe('messages to and from the master', () => {
  test.each(controls)('$args: written as the original does', ({ args, out }) => {
    expectBytes(encodeControl(args.map(readValue) as unknown as ToMaster), out);
  });

  test.each(controls)('$args: read', ({ args, out }) => {
    const message = args.map(readValue);
    const create = 'HRQ'.includes(String(message[0])) ? createMasterReader : createSlaveReader;
    expect(controlsOf([bytesOf(out)], create)).toEqual([message]);
  });

  test('come whole however the bytes are cut', () => {
    const id = fc.integer({ min: 1, max: 255 });
    const handle = fc.integer({ min: 1, max: 0xffffffff });
    const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
    const message: fc.Arbitrary<ToSlave> = fc.oneof(
      fc.tuple(fc.constant('W' as const), fc.integer({ min: 0, max: 255 })),
      fc.tuple(fc.constant('C' as const), id, text),
      fc.tuple(fc.constant('N' as const), text, handle),
      fc.tuple(fc.constant('D' as const), id),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), sizes, (list, pieces) => {
        const bytes = Buffer.concat(list.map(encodeControl));
        expect(controlsOf(cut(bytes, pieces), createSlaveReader)).toEqual(list);
      }),
      { numRuns: runs(200) },
    );
  });

  test('one that is too long cannot be sent', () => {
    expect(() => encodeControl(['H', 1, 'x'.repeat(250)])).toThrow(
      expect.objectContaining({ code: 'ERR_HARBOR_PROTOCOL' }),
    );
  });

  test.each([
    [['C', 0, 'a']],
    [['C', 256, 'a']],
    [['C', 1.5, 'a']],
    [['C', 1, '']],
    [['N', 'a', 0]],
    [['N', 'a', -1]],
    [['N', 'a', 2 ** 32]],
    [['N', 7, 1]],
    [['W', -1]],
    [['W']],
    [['D', 'x']],
  ])('%j is refused', (message) => {
    const bytes = encodeControl(message as unknown as ToSlave);
    expect(() => controlsOf([bytes], createSlaveReader)).toThrow(
      expect.objectContaining({ code: 'ERR_HARBOR_PROTOCOL' }),
    );
  });

  test('a letter that means nothing is told of, what follows it is read', () => {
    const bytes = Buffer.concat([encodeControl(['Z', 5] as unknown as ToSlave), encodeControl(['D', 5])]);
    expect(controlsOf([bytes], createSlaveReader)).toEqual([
      [UNKNOWN, 'Z'],
      ['D', 5],
    ]);
  });

  test('garbage ends in messages or in a refusal, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), sizes, (bytes, pieces) => {
        for (const create of [createMasterReader, createSlaveReader])
          try {
            controlsOf(cut(bytes, pieces), create);
          } catch (error) {
            expect(['ERR_HARBOR_PROTOCOL', 'ERR_SERI_MALFORMED']).toContain(
              (error as { code?: string }).code,
            );
          }
      }),
      { numRuns: runs(2000) },
    );
  });
});
