import { isSkynetError, PTYPE, type SkynetError } from '@skynet/core';
import { Message } from '@skynet/core/kernel';
import type { ConnectionStat } from '@skynet/core/transport';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import { anyValue } from '../../../core/test/codec/values.ts';
import { BodyDecoder, BodyEncoder } from '../../src/mesh/body.ts';
import { Channel } from '../../src/mesh/channel.ts';
import { readAsk, readTell } from '../../src/mesh/directory-wire.ts';
import { checkProof, readHello } from '../../src/mesh/hello.ts';
import type { Link, LinkReceiver } from '../../src/mesh/link.ts';
import { LIMITS } from '../../src/mesh/network.ts';
import { KIND } from '../../src/mesh/record.ts';

const LARGE = 48 * 1024;
const LINK_CODES = ['ERR_LINK_PROTOCOL', 'ERR_LINK_GAP'];

/** A link whose frames a test makes and takes. */
class TestLink implements Link {
  readonly peer = { id: 2, incarnation: '0'.repeat(16), address: '' };
  readonly purpose = 'data';
  readonly features: ReadonlySet<string> = new Set(['shapes', 'limits']);
  readonly isDialled = true;
  readonly maxFrame: number = 1 << 20;
  readonly pendingBytes = 0;
  readonly sent: Uint8Array[] = [];
  closedWith: SkynetError | undefined;
  #receiver: LinkReceiver | undefined;

  start(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(frame: Uint8Array): void {
    this.sent.push(Buffer.from(frame));
  }

  close(reason: SkynetError): void {
    if (this.closedWith !== undefined) return;
    this.closedWith = reason;
    this.#receiver?.closed(reason);
  }

  come(frame: Uint8Array): void {
    this.#receiver?.frame(frame);
  }

  stat(): ConnectionStat {
    throw new Error('nobody looks');
  }
}

function channelOver(link: TestLink, got: unknown[] = []): Channel {
  return new Channel(link, LIMITS, {
    opened: () => {},
    message: (to, message) => void got.push([to, message.type, message.body]),
    cancel: () => {},
    watch: () => {},
    gone: () => {},
    closed: () => {},
  });
}

/** Frames in their order, whatever they hold. */
function numbered(parts: readonly Uint8Array[]): Uint8Array[] {
  return parts.map((part, i) => {
    const frame = Buffer.alloc(4 + part.length);
    frame.writeUInt32LE(i, 0);
    frame.set(part, 4);
    return frame;
  });
}

const OPEN = Buffer.from([KIND.OPEN, 0, 0, 64, 0, 0, 0, 16, 0, 0, 0, 0, 16]);

/** Frames of a channel that talks: small and large messages, errors, bytes. */
async function talk(values: readonly unknown[]): Promise<Uint8Array[]> {
  const link = new TestLink();
  const channel = channelOver(link);
  link.come(numbered([OPEN])[0] as Uint8Array);
  for (const value of values) channel.send(0x0200_0001, new Message(PTYPE.LUA, 1, 0x0100_0001, [value]));
  channel.send(0x0200_0001, new Message(PTYPE.LUA, 0, 0x0100_0001, [{ large: 'x'.repeat(LARGE) }]));
  channel.watch(0x0200_0001);
  channel.gone(0x0100_0001, 'killed');
  channel.send(0x0200_0002, new Message(PTYPE.LUA, 0, 0x0100_0001, Buffer.alloc(LARGE + 1)));
  // What was sent leaves at the end of the turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(link.sent.length).toBeGreaterThan(1);
  return link.sent;
}

/** A link that was closed says so with a code of its own. */
function expectCoded({ closedWith }: TestLink): void {
  if (closedWith !== undefined && !LINK_CODES.includes(closedWith.code)) throw closedWith;
}

describe('fuzz: what a link brings', () => {
  test('any bytes are frames, or close the link with a code', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 }),
        fc.boolean(),
        (parts, isOpen) => {
          const link = new TestLink();
          channelOver(link);
          for (const frame of numbered(isOpen ? [OPEN, ...parts] : parts)) link.come(frame);
          expectCoded(link);
        },
      ),
      { numRuns: runs(5000) },
    );
  });

  test('frames with a few bytes changed are frames, or close the link with a code', async () => {
    const change = fc.tuple(fc.nat(), fc.nat(), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyValue, { maxLength: 3 }),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (values, changes) => {
          const frames = (await talk(values)).map((frame) => Buffer.from(frame));
          for (const [which, at, byte] of changes) {
            const frame = frames[which % frames.length] as Buffer;
            frame[at % frame.length] = byte;
          }
          const link = new TestLink();
          channelOver(link);
          for (const frame of frames) link.come(frame);
          expectCoded(link);
        },
      ),
      { numRuns: runs(1000) },
    );
  });

  test('a message, a part and a whole of 4 GiB hold no memory and close the link', () => {
    const large = Buffer.alloc(4, 0xff);
    for (const record of [
      Buffer.concat([Buffer.from([KIND.MESSAGE, 10, 0]), Buffer.alloc(12), large]),
      Buffer.concat([
        Buffer.from([KIND.PART]),
        Buffer.alloc(4),
        large,
        Buffer.from([1, 0, 0, 0]),
        Buffer.alloc(1),
      ]),
      Buffer.concat([Buffer.from([KIND.PART]), Buffer.alloc(4), Buffer.from([1, 0, 0, 0]), large]),
    ]) {
      const link = new TestLink();
      channelOver(link);
      for (const frame of numbered([OPEN, record])) link.come(frame);
      expect(link.closedWith?.code).toBe('ERR_LINK_PROTOCOL');
    }
  });
});

/** Anything but a result, or one of the codes, fails. */
function readOrRefused(read: () => unknown, codes: readonly string[]): void {
  try {
    read();
  } catch (error) {
    if (!isSkynetError(error) || !codes.includes(error.code)) throw error;
  }
}

describe('fuzz: what a stranger says', () => {
  const json = fc.json().map((text) => Buffer.from(text));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    json,
    fc.constant(Buffer.from('{"refused":1}')),
    fc
      .record(
        {
          version: fc.constantFrom(1, 2, '1'),
          mesh: fc.anything(),
          id: fc.oneof(fc.integer(), fc.string()),
          incarnation: fc.oneof(fc.constant('0123456789abcdef'), fc.string()),
          address: fc.string(),
          purpose: fc.constantFrom('data', 'directory', 'x'),
          features: fc.anything(),
          challenge: fc.string({ maxLength: 40 }),
          to: fc.anything(),
          beat: fc.anything(),
          proof: fc.anything(),
        },
        { requiredKeys: [] },
      )
      .map((value) =>
        Buffer.from(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? 1 : part)) ?? ''),
      ),
  );

  test('is a hello and a proof, or refused with a code', () => {
    fc.assert(
      fc.property(bytes, (frame) => {
        readOrRefused(() => readHello(frame), ['ERR_LINK_PROTOCOL', 'ERR_LINK_REFUSED']);
        readOrRefused(() => checkProof(frame, 'x'), ['ERR_LINK_PROTOCOL', 'ERR_LINK_REFUSED']);
      }),
      { numRuns: runs(5000) },
    );
  });

  test('what a directory tells is that, or refused with a code', () => {
    const words = fc.constantFrom(
      'join',
      'who',
      'claim',
      'release',
      'leave',
      'see',
      'welcome',
      'names',
      'joined',
      'left',
    );
    const message = fc
      .tuple(words, fc.array(fc.jsonValue(), { maxLength: 4 }))
      .map(([word, args]) => Buffer.from(JSON.stringify([word, ...args])));
    fc.assert(
      fc.property(fc.oneof(bytes, message), (frame) => {
        readOrRefused(() => readAsk(frame), ['ERR_LINK_PROTOCOL']);
        readOrRefused(() => readTell(frame), ['ERR_LINK_PROTOCOL']);
      }),
      { numRuns: runs(5000) },
    );
  });
});

describe('fuzz: bodies', () => {
  const read = (bytes: Uint8Array, isAlone: boolean): void =>
    readOrRefused(
      () => expect(Array.isArray(new BodyDecoder().decode(bytes, isAlone))).toBe(true),
      ['ERR_LINK_PROTOCOL'],
    );

  test('any bytes are a list of values, or refused with a code', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), read), { numRuns: runs(3000) });
  });

  test('a body with a few bytes changed is a list of values, or refused with a code', () => {
    const encoder = new BodyEncoder(true);
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(anyValue, fc.array(change, { minLength: 1, maxLength: 4 }), (value, changes) => {
        const { bytes, isAlone } = encoder.encode([value], LARGE);
        const frame = Buffer.from(bytes);
        for (const [at, byte] of changes) frame[at % frame.length] = byte;
        read(frame, isAlone);
      }),
      { numRuns: runs(1000) },
    );
  });
});
