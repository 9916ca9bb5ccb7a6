import { randomFrom } from '@skynet/core/testing';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/runs.ts';
import type { FrameRules } from '../../src/ws/frames/frame-reader.ts';
import { byLibrary, type Outcome } from './library-receiver.ts';
import { byUs } from './our-reader.ts';

/** Pieces of text: whole characters, halves, and what is never UTF-8. */
const TEXT = [
  ...['a', 'zz', 'é', '€', '😀', '\ud7ff', '\ue000', '\u{10ffff}'].map((text) => Buffer.from(text)),
  Buffer.of(0xe2, 0x82),
  Buffer.of(0xac),
  Buffer.of(0xf0, 0x9f),
  Buffer.of(0x98, 0x80),
  Buffer.of(0xc0, 0x80),
  Buffer.of(0xed, 0xa0, 0x80),
  Buffer.of(0xf4, 0x90),
  Buffer.of(0xff),
];
const CODES = [999, 1000, 1001, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 2999, 3000, 4999, 5000];
const OPS = [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 8, 9, 9, 10];

/** Streams of frames, mostly as they should be. */
class Frames {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  rarely(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  #payload(op: number): Buffer {
    if (op === 8) {
      if (this.rarely(3)) return Buffer.alloc(this.below(2));
      const code = Buffer.alloc(2);
      code.writeUInt16BE(this.pick(CODES));
      return Buffer.concat([code, this.#text(3)]);
    }
    if (op === 1 || (op === 0 && this.rarely(2))) return this.#text(this.pick([1, 4, 30]));
    const size = this.pick([0, 1, 5, 17, 40, 125, 126, 200]);
    return Buffer.from(Array.from({ length: size }, () => this.below(256)));
  }

  #text(most: number): Buffer {
    const whole = this.rarely(4) ? TEXT.length : 8;
    return Buffer.concat(
      Array.from({ length: this.below(most + 1) }, () => TEXT[this.below(whole)] as Buffer),
    );
  }

  /** One frame; sometimes with another length than it has, or with its length in more bytes than it needs. */
  #frame(op: number, fin: boolean, masked: boolean): Buffer {
    const payload = this.#payload(op);
    const reserved = this.rarely(60) ? this.below(8) << 4 : 0;
    const announced = this.rarely(80)
      ? this.pick([0, 126, 70_000, 2 ** 53, 2 ** 62, 2 ** 63])
      : payload.length;
    const form = this.rarely(12) ? this.below(3) : announced < 126 ? 0 : announced < 0x1_0000 ? 1 : 2;
    const head = Buffer.alloc([2, 4, 10][form] ?? 2);
    head[0] = (fin ? 0x80 : 0) | reserved | op;
    if (form === 0) head[1] = Math.min(announced, 127);
    else if (form === 1) {
      head[1] = 126;
      head.writeUInt16BE(announced % 0x1_0000, 2);
    } else {
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(announced), 2);
    }
    if (!masked) return Buffer.concat([head, payload]);
    head[1] = (head[1] as number) | 0x80;
    const mask = Buffer.from(Array.from({ length: 4 }, () => (this.rarely(4) ? 0 : this.below(256))));
    return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ (mask[i & 3] as number))]);
  }

  stream(masked: boolean): Buffer {
    const frames: Buffer[] = [];
    let inside = false;
    for (let i = this.below(7); i >= 0; i--) {
      let op = this.rarely(50) ? this.below(16) : this.pick(OPS);
      // Mostly what has its place here.
      if (op < 3 && !this.rarely(25)) op = inside ? 0 : op || 2;
      const fin = op > 7 ? !this.rarely(40) : !this.rarely(3);
      if (op < 3) inside = !fin;
      frames.push(this.#frame(op, fin, this.rarely(60) ? !masked : masked));
    }
    const stream = Buffer.concat(frames);
    if (this.rarely(5) && stream.length > 0)
      for (let i = this.below(3); i >= 0; i--) stream[this.below(stream.length)] = this.below(256);
    return stream;
  }

  cut(stream: Buffer): Buffer[] {
    const longest = this.pick([1, 3, 20, 1000]);
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.length; ) {
      const end = at + 1 + this.below(longest);
      chunks.push(Buffer.from(stream.subarray(at, end)));
      at = end;
    }
    return chunks;
  }
}

/** Neighbouring binary messages as one, as a stream of bytes has them. */
function joined({ events, failure }: Outcome): Outcome {
  const all: [string, string][] = [];
  for (const [kind, payload] of events) {
    const last = all.at(-1);
    if (kind === 'binary' && payload !== '' && last?.[0] === 'binary' && last[1] !== '') last[1] += payload;
    else all.push([kind, payload]);
  }
  return { events: all, failure };
}

const NOT_UTF8 = '1007 WS_ERR_INVALID_UTF8';

/**
 * What the library hears only when we have given up already: it looks at text when the message is complete, we look at
 * what there is. Until then nothing but control frames, or something else that is wrong, can come.
 */
function isLaterWord(ours: Outcome, theirs: Outcome): boolean {
  if (ours.failure !== NOT_UTF8) return false;
  const more = theirs.events.slice(ours.events.length);
  return more.every(([kind]) => kind !== 'text' && kind !== 'binary');
}

/** Complains if they differ. Cut off at our failure, if the library's came later. */
function compare(ours: Outcome, theirs: Outcome, about: string): void {
  const later = isLaterWord(ours, theirs);
  const expected = later ? { events: theirs.events.slice(0, ours.events.length), failure: NOT_UTF8 } : theirs;
  if (JSON.stringify(ours) !== JSON.stringify(expected))
    expect({ ...ours, about }).toEqual({ ...expected, about });
}

describe('frames are read as the library ws reads them', () => {
  it('whatever they are, and however they are cut', { timeout: 86_400_000 }, () => {
    const seed = Number(process.env['SKYNET_FUZZ_SEED'] ?? 1);
    const frames = new Frames(randomFrom(seed));
    const seen = new Set<string>();
    for (let i = runs(10_000); i > 0; i--) {
      const isServer = !frames.rarely(4);
      const limit = frames.pick([1, 30, 126, 300, 1 << 20]);
      const stream = frames.stream(isServer);
      const chunks = frames.cut(stream);
      const copy = (): Buffer[] => chunks.map((chunk) => Buffer.from(chunk));
      const theirs = byLibrary(copy(), isServer, limit);
      const rules: FrameRules = { masking: isServer ? 'required' : 'forbidden', limit, memory: 'receiver' };
      const sizes = chunks.map(({ length }) => length).join();
      const about = `seed ${seed}: ${stream.toString('hex')} cut into ${sizes}, limit ${limit}, ${rules.masking}`;
      compare(byUs(copy(), rules), theirs, about);
      compare(joined(byUs(copy(), { ...rules, memory: 'reader' })), joined(theirs), about);
      seen.add(theirs.failure ?? theirs.events.at(-1)?.[0] ?? '');
    }
    // What is never made is not compared either.
    for (const kind of ['text', 'binary', 'ping', 'pong', 'close 1000', 'close 1005', NOT_UTF8])
      expect(seen).toContain(kind);
    expect([...seen].filter((kind) => kind.includes('WS_ERR'))).toHaveLength(11);
  });
});
