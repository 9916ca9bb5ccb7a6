/** Bytes of the size in front of a frame. */
export const SIZE = 2;

/** Bytes that a part holds. */
export const PART_SIZE = 0x8000;

/** Kind and session in front of the bytes of a part, in whichever order. */
const PART_HEAD = 5;

/** Frames that are made when they are sent, one after another. */
export type Parts = Iterator<Buffer, void>;

/** Memory for a frame of that size, its size written in front. */
export function withSize(size: number): Buffer {
  const frame = Buffer.allocUnsafe(SIZE + size);
  frame[0] = size >>> 8;
  frame[1] = size;
  return frame;
}

/** Sessions of requests that are answered. */
export function isSession(session: number): boolean {
  return Number.isInteger(session) && session >= 1 && session <= 0x7fffffff;
}

/** A body in parts; `head` writes what stands in front of the bytes, from `at` on. */
export function* parts(
  body: Uint8Array,
  head: (frame: Buffer, at: number, isLast: boolean) => void,
): Generator<Buffer, void> {
  for (let from = 0; from < body.length; from += PART_SIZE) {
    const to = Math.min(from + PART_SIZE, body.length);
    const frame = withSize(PART_HEAD + to - from);
    head(frame, SIZE, to === body.length);
    frame.set(body.subarray(from, to), SIZE + PART_HEAD);
    yield frame;
  }
}
