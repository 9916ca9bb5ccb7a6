import type { Handle } from '@skynet/core';
import type { Message } from '@skynet/core/kernel';

// What travels over a data link: frames of records, one after the other.
//
//   frame      u32 number (counts from 0, one more each time)   record …
//   OPEN       u32 bytes of small messages, u32 of parts, that may be under way to whoever sends it, u32 largest body
//   MESSAGE    u8 type, u8 how, u32 session, u32 source, u32 destination, u32 length, (u32 moment of the deadline,) body
//   PART       u32 number of the large message, u32 bytes of it in all, u32 length, bytes
//   CREDIT     u32 bytes of small messages, u32 of parts, that have been taken
//   WATCH      u32 handle of a service of whoever gets it
//   GONE       u32 handle of a service of whoever sends it, u8 reason
//   CLOCK      u32 moment at which the frame left; in front of the first MESSAGE with a deadline, and of its last PART
//   CANCEL     u32 destination, u32 source, u32 session of a MESSAGE: nobody waits for its answer any more
//
// All numbers are little endian. The parts of a large message, put together, are one MESSAGE. Moments are milliseconds of the
// sender's own clock. CLOCK, CANCEL and deadlines are sent to those who know them (`LIMITS`).

export const KIND = {
  OPEN: 1,
  MESSAGE: 2,
  PART: 3,
  CREDIT: 4,
  WATCH: 5,
  GONE: 6,
  CLOCK: 7,
  CANCEL: 8,
} as const;

/** What a body is: values, bytes, an error; and whether values are complete in themselves. 0 is used up: it was another codec's. */
export const HOW = { VALUES_ALONE: 1, BYTES: 2, BUFFER: 3, ERROR: 4, NOTHING: 5, VALUES: 6 } as const;

/** Bit of `how`: the message has a deadline, in so many bytes behind its head. */
export const LIMITED = 0x80;
export const LIMIT_SIZE = 4;

/** The feature that says that a node knows deadlines, and what is given up; see {@link Link.features}. */
export const LIMITS = 'limits';

/** Bytes in front of the body of a MESSAGE, of the bytes of a PART, and in front of a frame's records. */
export const MESSAGE_HEAD = 19;
export const PART_HEAD = 13;
export const FRAME_HEAD = 4;

/** Why a service is gone, by number. */
export const REASONS = [
  'exited',
  'killed',
  'failed',
  'stopped',
  'thread-lost',
  'node-lost',
  'unknown',
] as const;

/** Sizes of records, or of their heads, by kind. */
export const RECORD_SIZES: readonly (number | undefined)[] = [
  undefined,
  13,
  undefined,
  PART_HEAD,
  9,
  5,
  6,
  5,
  13,
];
export const CLOCK_SIZE = 5;
export const CANCEL_SIZE = 13;

/** Whether a record is a message with a deadline. */
export function isLimited(record: Uint8Array): boolean {
  return record[0] === KIND.MESSAGE && ((record[2] as number) & LIMITED) !== 0;
}

export function writeCancel(memory: Buffer, at: number, to: Handle, source: Handle, session: number): void {
  memory[at] = KIND.CANCEL;
  memory.writeUInt32LE(to, at + 1);
  memory.writeUInt32LE(source, at + 5);
  memory.writeUInt32LE(session, at + 9);
}

/** Writes a MESSAGE; there is room for it. */
export function writeMessage(
  memory: Buffer,
  at: number,
  to: Handle,
  { type, session, source }: Message,
  how: number,
  bytes: Uint8Array,
  deadline?: number,
): void {
  memory[at] = KIND.MESSAGE;
  memory[at + 1] = type;
  memory[at + 2] = deadline === undefined ? how : how | LIMITED;
  memory.writeUInt32LE(session, at + 3);
  memory.writeUInt32LE(source, at + 7);
  memory.writeUInt32LE(to, at + 11);
  memory.writeUInt32LE(bytes.length, at + 15);
  if (deadline === undefined) memory.set(bytes, at + MESSAGE_HEAD);
  else {
    memory.writeUInt32LE(deadline >>> 0, at + MESSAGE_HEAD);
    memory.set(bytes, at + MESSAGE_HEAD + LIMIT_SIZE);
  }
}

/** Memory for so many bytes at once, as long as frames are small. */
const SLAB = 1 << 16;

/** Writes the frames of one link. Each gets memory of its own, which is not written to again. */
export class FrameWriter {
  #memory = Buffer.alloc(0);
  #start = 0;
  #pos = 0;

  /** Bytes of the frame under way, without its head; 0 if there is none. */
  get length(): number {
    return this.#pos === 0 ? 0 : this.#pos - this.#start - FRAME_HEAD;
  }

  /** Room for so many bytes more; where they begin in {@link memory}. */
  reserve(size: number): number {
    if (this.#pos === 0) this.#begin(size);
    else if (this.#pos + size > this.#memory.length) this.#grow(size);
    const at = this.#pos;
    this.#pos += size;
    return at;
  }

  get memory(): Buffer {
    return this.#memory;
  }

  /** The frame as it is so far, still without its number. */
  take(): Buffer {
    const frame = this.#memory.subarray(this.#start, this.#pos);
    this.#start = this.#pos;
    this.#pos = 0;
    return frame;
  }

  #begin(size: number): void {
    if (this.#start + FRAME_HEAD + size > this.#memory.length) {
      this.#memory = Buffer.allocUnsafeSlow(Math.max(SLAB, FRAME_HEAD + size));
      this.#start = 0;
    }
    this.#pos = this.#start + FRAME_HEAD;
  }

  #grow(size: number): void {
    const written = this.#memory.subarray(this.#start, this.#pos);
    const memory = Buffer.allocUnsafeSlow(Math.max(SLAB, (written.length + size) * 2));
    memory.set(written);
    this.#memory = memory;
    this.#pos = written.length;
    this.#start = 0;
  }
}
