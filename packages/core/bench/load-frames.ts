import type { MaskedMessage } from './websocket-load.ts';

/** Bytes in front of a frame: its length. */
const HEADER = 2;
/** Behind it stand the number of the connection and that of the frame, 4 bytes each. */
const HEAD = HEADER + 8;

/** The frames of one connection, as they are sent and as they have to come back. Neither costs more than the bytes do. */
export interface Frames {
  /** Bytes of a frame, header included. */
  readonly length: number;
  /** The next frames, in pieces; valid until as many have come back. */
  next(count: number): readonly Uint8Array[];
  /** Whether these are the bytes from there on of all that has to come back. */
  matches(bytes: Buffer, from: number, to: number, position: number): boolean;
}

/** Small frames: some more than are on their way lie prepared one behind the other, twice, and go round. */
export class PreparedFrames implements Frames {
  readonly length: number;
  readonly #period: number;
  readonly #expected: Buffer;
  readonly #out: Uint8Array;
  readonly #step: number;
  #sent = 0;

  /** @param masked Around each frame of a client of WebSocket. */
  constructor(id: number, size: number, inflight: number, masked?: MaskedMessage) {
    const length = HEADER + size;
    const period = inflight + 1;
    const expected = Buffer.alloc(length * period * 2);
    for (let i = 0; i < 2 * period; i++) {
      const frame = expected.subarray(i * length, (i + 1) * length);
      for (let at = HEAD; at < length; at++) frame[at] = (at * 31 + id) & 0xff;
      writeHead(frame, size, id, i % period);
    }
    this.length = length;
    this.#period = period;
    this.#expected = expected;
    this.#step = masked?.size ?? length;
    this.#out = masked === undefined ? expected : maskedFrames(expected, length, masked);
  }

  next(count: number): readonly Uint8Array[] {
    const first = this.#sent;
    this.#sent = (first + count) % this.#period;
    return [this.#out.subarray(first * this.#step, (first + count) * this.#step)];
  }

  matches(bytes: Buffer, from: number, to: number, position: number): boolean {
    const most = this.length * this.#period;
    for (let at = from; at < to; at += most) {
      const end = Math.min(to, at + most);
      const start = (position + at - from) % most;
      if (this.#expected.compare(bytes, at, end, start, start + end - at) !== 0) return false;
    }
    return true;
  }
}

function maskedFrames(frames: Uint8Array, length: number, masked: MaskedMessage): Uint8Array {
  const count = frames.length / length;
  const out = new Uint8Array(count * masked.size);
  for (let i = 0; i < count; i++) {
    const at = i * masked.size;
    out.set(frames.subarray(i * length, (i + 1) * length), at + masked.size - length);
    masked.put(out, at);
  }
  return out;
}

/** Prime, so that frames which follow each other begin at places of their own. */
const PATTERN = 251;
const pattern = Buffer.from(
  Uint8Array.from({ length: 0x1_0000 + PATTERN }, (_, i) => ((i % PATTERN) * 31) & 0xff),
);

/**
 * Large frames: a head of its own each, and a part of one pattern that all share, so that a client's frames fill no cache
 * which the server needs.
 */
export class LargeFrames implements Frames {
  readonly length: number;
  readonly #id: number;
  readonly #size: number;
  readonly #head: Buffer = Buffer.alloc(HEAD);
  #sent = 0;

  constructor(id: number, size: number) {
    this.length = HEADER + size;
    this.#id = id;
    this.#size = size;
  }

  next(count: number): readonly Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const number = this.#sent++;
      const start = this.#start(number);
      pieces.push(writeHead(Buffer.allocUnsafe(HEAD), this.#size, this.#id, number));
      pieces.push(pattern.subarray(start, start + this.length - HEAD));
    }
    return pieces;
  }

  matches(bytes: Buffer, from: number, to: number, position: number): boolean {
    let at = from;
    while (at < to) {
      const number = Math.floor((position + at - from) / this.length);
      const within = (position + at - from) % this.length;
      const isHead = within < HEAD;
      const end = Math.min(to, at + (isHead ? HEAD : this.length) - within);
      const expected = isHead ? writeHead(this.#head, this.#size, this.#id, number) : pattern;
      const start = isHead ? within : this.#start(number) + within - HEAD;
      if (expected.compare(bytes, at, end, start, start + end - at) !== 0) return false;
      at = end;
    }
    return true;
  }

  /** Where its part of the pattern begins. */
  #start(number: number): number {
    return (this.#id * 31 + number) % PATTERN;
  }
}

function writeHead(frame: Buffer, size: number, id: number, number: number): Buffer {
  frame.writeUInt16BE(size);
  frame.writeUInt32BE(id, HEADER);
  frame.writeUInt32BE(number >>> 0, HEADER + 4);
  return frame;
}
