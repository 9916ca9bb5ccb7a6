import { describe, expect, it } from 'vitest';
import { frameHead, frameOf, OP } from '../../src/ws/frames/frame.ts';
import { FrameReader, type FrameRules, READ } from '../../src/ws/frames/frame-reader.ts';
import { checkUtf8 } from '../../src/ws/frames/utf8.ts';
import { byUs } from './our-reader.ts';
import { frame } from './raw-client.ts';

const SERVER: FrameRules = { masking: 'required', limit: 1 << 20, memory: 'reader' };
const ANY: FrameRules = { masking: 'any', limit: 1 << 20, memory: 'receiver' };

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** Payloads as text, so that they can be read here. */
function read(chunks: readonly Buffer[], rules: FrameRules = ANY): { events: string[]; failure?: string } {
  const { events, failure } = byUs(
    chunks.map((chunk) => Buffer.from(chunk)),
    rules,
  );
  const words = events.map(([kind, payload]) => `${kind} ${Buffer.from(payload, 'hex')}`.trim());
  return failure === undefined ? { events: words } : { events: words, failure };
}

function bytewise(stream: Buffer): Buffer[] {
  return Array.from(stream, (byte) => Buffer.of(byte));
}

const HELLO_MASKED = hex('81 85 37 fa 21 3d 7f 9f 4d 51 58');
const UTF8 = '1007 WS_ERR_INVALID_UTF8';

describe('the examples of RFC 6455, section 5.7', () => {
  it.each<[string, Buffer, readonly string[]]>([
    ['a text message without a mask', hex('81 05 48 65 6c 6c 6f'), ['text Hello']],
    ['a text message with a mask', HELLO_MASKED, ['text Hello']],
    ['a text message in two fragments', hex('01 03 48 65 6c 80 02 6c 6f'), ['text Hello']],
    ['a ping', hex('89 05 48 65 6c 6c 6f'), ['ping Hello']],
    ['its answer with a mask', hex('8a 85 37 fa 21 3d 7f 9f 4d 51 58'), ['pong Hello']],
    ['256 bytes', Buffer.concat([hex('82 7e 01 00'), Buffer.alloc(256, 'x')]), [`binary ${'x'.repeat(256)}`]],
    [
      '64 KiB',
      Buffer.concat([hex('82 7f 00 00 00 00 00 01 00 00'), Buffer.alloc(65_536, 'x')]),
      [`binary ${'x'.repeat(65_536)}`],
    ],
  ])('are read: %s', (_, bytes, events) => {
    expect(read([bytes])).toEqual({ events });
    if (bytes.length < 300) expect(read(bytewise(bytes))).toEqual({ events });
  });

  it('are written', () => {
    const written = (op: number, payload: Uint8Array | string): string =>
      Buffer.from(frameOf(op, Buffer.from(payload))).toString('hex');
    expect(written(OP.TEXT, 'Hello')).toBe('810548656c6c6f');
    expect(written(OP.PING, 'Hello')).toBe('890548656c6c6f');
    expect(Buffer.from(frameHead(OP.BINARY, 256)).toString('hex')).toBe('827e0100');
    expect(Buffer.from(frameHead(OP.BINARY, 65_536)).toString('hex')).toBe('827f0000000000010000');
    expect(Buffer.from(frameHead(OP.BINARY, 2 ** 40 + 5)).toString('hex')).toBe('827f0000010000000005');
    // The shortest form, on both sides of each step.
    expect([125, 126, 65_535, 65_536].map((size) => frameHead(OP.BINARY, size).length)).toEqual([
      2, 4, 4, 10,
    ]);
  });
});

describe('frames', () => {
  it('may have control frames between their fragments, which come first', () => {
    const stream = Buffer.concat([
      frame(1, 'Hel', { fin: false }),
      frame(9, 'there?'),
      frame(0, '', { fin: false }),
      frame(10, 'here'),
      frame(0, 'lo'),
    ]);
    const expected = { events: ['ping there?', 'pong here', 'text Hello'] };
    expect(read([stream], SERVER)).toEqual(expected);
    expect(read(bytewise(stream), SERVER)).toEqual(expected);
  });

  it('that are binary and there as a whole are given as one piece of the stream, without a copy', () => {
    const chunk = Buffer.concat([frame(2, 'one'), frame(2, 'x'.repeat(300)), frame(2, 'two'), frame(9, '')]);
    const reader = new FrameReader(SERVER);
    reader.feed(chunk);
    expect(reader.next()).toBe(READ.BINARY);
    expect(reader.bytes).toBe(chunk);
    expect(chunk.toString('latin1', reader.start, reader.end)).toBe(`one${'x'.repeat(300)}two`);
    expect(reader.next()).toBe(READ.PING);
    expect(reader.next()).toBe(READ.NOTHING);
    expect(reader.atRest).toBe(true);
  });

  it('of nothing stand alone in the stream: they mean something', () => {
    const stream = Buffer.concat([frame(2, 'a'), frame(2, ''), frame(2, 'b'), frame(2, 'c')]);
    expect(read([stream], SERVER)).toEqual({ events: ['binary a', 'binary', 'binary bc'] });
  });

  it('may tell their length in more bytes than it needs', () => {
    expect(read([hex('82 7e 00 01 61')])).toEqual({ events: ['binary a'] });
    expect(read([hex('82 7f 00 00 00 00 00 00 00 01 61')])).toEqual({ events: ['binary a'] });
  });

  it.each([1, 2, 3, 4, 5, 7, 15, 16, 17, 100, 1000, 70_000])(
    'of %i bytes are unmasked wherever they are cut',
    (size) => {
      const payload = Buffer.from(Array.from({ length: size }, (_, i) => 97 + (i % 26)));
      const stream = frame(2, payload);
      const expected = { events: [`binary ${payload}`] };
      for (const rules of [SERVER, ANY]) {
        for (let at = 1; at < Math.min(stream.length, 40); at++)
          expect(read([stream.subarray(0, at), stream.subarray(at)], rules)).toEqual(expected);
      }
    },
  );

  it.each<[string, Buffer, number, string]>([
    [
      'a second message within one',
      Buffer.concat([frame(1, 'a', { fin: false }), frame(2, 'b')]),
      1002,
      'INVALID_OPCODE',
    ],
    ['a continuation of nothing', frame(0, 'a'), 1002, 'INVALID_OPCODE'],
    [
      'a continuation of what is complete',
      Buffer.concat([frame(9, ''), frame(0, 'a')]),
      1002,
      'INVALID_OPCODE',
    ],
    ['kind 3', frame(3, ''), 1002, 'INVALID_OPCODE'],
    ['kind 11', frame(11, ''), 1002, 'INVALID_OPCODE'],
    ['the first reserved bit', frame(2, '', { reserved: 4 }), 1002, 'UNEXPECTED_RSV_1'],
    ['the second', frame(2, '', { reserved: 2 }), 1002, 'UNEXPECTED_RSV_2_3'],
    ['the third', frame(2, '', { reserved: 1 }), 1002, 'UNEXPECTED_RSV_2_3'],
    ['no mask', frame(2, 'a', { mask: false }), 1002, 'EXPECTED_MASK'],
    ['a ping in fragments', frame(9, '', { fin: false }), 1002, 'EXPECTED_FIN'],
    ['a ping of 126 bytes', frame(9, 'x'.repeat(126)), 1002, 'INVALID_CONTROL_PAYLOAD_LENGTH'],
    ['a close frame with half a code', frame(8, 'x'), 1002, 'INVALID_CONTROL_PAYLOAD_LENGTH'],
    ['2^63 bytes', frame(2, '', { announce: 2 ** 63 }), 1009, 'UNSUPPORTED_DATA_PAYLOAD_LENGTH'],
    ['2^62 bytes', frame(2, '', { announce: 2 ** 62 }), 1009, 'UNSUPPORTED_DATA_PAYLOAD_LENGTH'],
    ['more than the limit', frame(2, '', { announce: (1 << 20) + 1 }), 1009, 'UNSUPPORTED_MESSAGE_LENGTH'],
    ['a surrogate', frame(1, Buffer.of(0xed, 0xa0, 0x80)), 1007, 'INVALID_UTF8'],
    ['half a character', frame(1, Buffer.of(0xe2, 0x82)), 1007, 'INVALID_UTF8'],
  ])('with %s fail', (_, bytes, code, reason) => {
    const expected = { events: [], failure: `${code} WS_ERR_${reason}` };
    for (const chunks of [[bytes], bytewise(bytes)]) {
      const outcome = read(chunks, SERVER);
      expect({ ...outcome, events: outcome.events.filter((event) => event !== 'ping') }).toEqual(expected);
    }
  });

  it('with a mask fail where they must have none', () => {
    expect(read([frame(2, 'a')], { ...ANY, masking: 'forbidden' })).toEqual({
      events: [],
      failure: '1002 WS_ERR_UNEXPECTED_MASK',
    });
  });

  it('fail as soon as it can be known: at the head, and at the piece of a text that is no UTF-8', () => {
    const large = frame(2, '', { announce: 2 << 20 }).subarray(0, 10);
    expect(read([large], SERVER).failure).toBe('1009 WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
    expect(read([frame(2, 'x', { mask: false }).subarray(0, 2)], SERVER).failure).toBe(
      '1002 WS_ERR_EXPECTED_MASK',
    );
    expect(read([frame(1, Buffer.of(0x61, 0xff), { fin: false })]).failure).toBe(UTF8);
    const whole = frame(1, Buffer.of(0x61, 0xc0, 0x61, 0x61), { mask: false });
    expect(read([whole.subarray(0, 4)]).failure).toBe(UTF8);
  });

  it('of a text may end within a character, but the message may not', () => {
    const [a, b] = [Buffer.of(0x61, 0xf0, 0x9f), Buffer.of(0x98, 0x80)];
    expect(read([frame(1, a, { fin: false }), frame(0, b)])).toEqual({ events: ['text a😀'] });
    expect(read([frame(1, a, { fin: false }), frame(0, '')])).toEqual({ events: [], failure: UTF8 });
    expect(read([frame(1, a, { fin: false }), frame(0, 'a', { fin: false })]).failure).toBe(UTF8);
  });

  it('count together for the limit, and each for the number of them', () => {
    const rules = { ...SERVER, limit: 10 };
    const half = frame(2, 'x'.repeat(5), { fin: false });
    expect(read([half, frame(0, 'x'.repeat(5))], rules)).toEqual({ events: ['binary xxxxxxxxxx'] });
    expect(read([half, frame(0, 'x'.repeat(6))], rules).failure).toBe(
      '1009 WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    );
    const empty = frame(0, '', { fin: false });
    const enough = Buffer.concat([half, ...Array<Buffer>(16_382).fill(empty)]);
    expect(read([enough, frame(0, 'y')], rules)).toEqual({ events: ['binary xxxxxy'] });
    expect(read([enough, empty, empty], rules).failure).toBe('1008 WS_ERR_TOO_MANY_BUFFERED_PARTS');
  });

  it('behind a close frame, or behind what failed, are not read', () => {
    const close = frame(8, Buffer.of(0x0f, 0xa0, 0x62, 0x79, 0x65));
    expect(read([Buffer.concat([close, frame(2, 'x')]), frame(9, '')])).toEqual({
      events: ['close 4000 bye'],
    });
    expect(read([frame(8, '')])).toEqual({ events: ['close 1005'] });
    const reader = new FrameReader(SERVER);
    reader.feed(Buffer.concat([frame(3, ''), frame(2, 'x')]));
    expect([reader.next(), reader.next()]).toEqual([READ.VIOLATION, READ.NOTHING]);
    reader.feed(frame(2, 'x'));
    expect(reader.next()).toBe(READ.NOTHING);
  });

  it('that close have a code that may be sent, and a reason in UTF-8', () => {
    const closing = (code: number, reason = Buffer.alloc(0)): string | undefined =>
      read([frame(8, Buffer.concat([Buffer.of(code >> 8, code & 255), reason]))]).failure;
    const taken = [
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ];
    for (const code of taken) expect(closing(code)).toBeUndefined();
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535])
      expect(closing(code)).toBe('1002 WS_ERR_INVALID_CLOSE_CODE');
    expect(closing(1000, Buffer.from('é'))).toBeUndefined();
    expect(closing(1000, Buffer.of(0xc3))).toBe(UTF8);
    expect(closing(1000, Buffer.of(0xc3, 0x28))).toBe(UTF8);
  });

  it('take memory as they come, not as they announce', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 1000 }, () => {
      const reader = new FrameReader(SERVER);
      reader.feed(frame(2, 'x', { announce: 1 << 20 }));
      expect(reader.next()).toBe(READ.NOTHING);
      return reader;
    });
    expect(readers.every((reader) => !reader.atRest)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 << 20);
  });
});

describe('checkUtf8', () => {
  it('leaves no more than the beginning of a character, for every way to cut every kind', () => {
    for (const text of ['a', 'é', '€', '😀', 'a€', '€a', '\ud7ff', '\u0800', '\u{10000}', '\u{10ffff}']) {
      const bytes = Buffer.from(text);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const checked = checkUtf8(bytes, 0, cut);
        expect(checked).toBeGreaterThanOrEqual(0);
        expect(cut - checked).toBeLessThan(4);
        expect(checkUtf8(bytes, checked, bytes.length)).toBe(bytes.length);
      }
    }
  });

  it.each([
    ['80', 'a continuation'],
    ['c0', 'a first byte that never is one'],
    ['c1', 'another'],
    ['e080', 'three bytes for what needs two'],
    ['eda0', 'a surrogate'],
    ['f08f', 'four bytes for what needs three'],
    ['f490', 'more than there are characters'],
    ['f5', 'even more'],
    ['c328', 'a character that goes on as another'],
    ['e28228', 'the same later'],
    ['8080808080', 'continuations alone'],
  ])('refuses %s: %s', (bytes) => {
    const all = Buffer.from(bytes, 'hex');
    expect(checkUtf8(all, 0, all.length)).toBe(-1);
  });
});
