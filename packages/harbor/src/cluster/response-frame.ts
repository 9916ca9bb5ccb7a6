import { PART_SIZE, type Parts, parts, SIZE, withSize } from './part.ts';

// What the node that listens answers, behind two bytes of size: session (four bytes, little endian), a byte of kind, and
//
//   0  the text of an error
//   1  the body
//   2  the size of a body that follows in parts (four bytes, little endian)
//   3  a part
//   4  the last part

const KIND = { ERROR: 0, WHOLE: 1, HEAD: 2, PART: 3, LAST: 4 } as const;
/** Bytes in front of what a frame holds. */
export const RESPONSE_HEAD = 5;
const HEAD: number = RESPONSE_HEAD;

/** What a frame of the node that listens holds. Bodies are views. */
export type ResponseFrame =
  | { readonly kind: 'error'; readonly session: number; readonly text: string }
  | { readonly kind: 'whole'; readonly session: number; readonly body: Uint8Array }
  | { readonly kind: 'head'; readonly session: number; readonly size: number }
  | { readonly kind: 'part'; readonly session: number; readonly body: Uint8Array; readonly isLast: boolean };

/** Whether a body goes in parts, behind a head. */
export function isLargeResponse(body: Uint8Array): boolean {
  return body.length > PART_SIZE;
}

/** The first frame of an answer, size in front: all of it, or its head (see {@link isLargeResponse}). */
export function encodeResponse(session: number, body: Uint8Array): Buffer {
  if (isLargeResponse(body)) {
    const frame = start(session, KIND.HEAD, 4);
    frame.writeUInt32LE(body.length, SIZE + HEAD);
    return frame;
  }
  const frame = start(session, KIND.WHOLE, body.length);
  frame.set(body, SIZE + HEAD);
  return frame;
}

/** The parts of a large answer, each with its size in front. */
export function responseParts(session: number, body: Uint8Array): Parts {
  return parts(body, (frame, at, isLast) => {
    frame.writeUInt32LE(session, at);
    frame[at + 4] = isLast ? KIND.LAST : KIND.PART;
  });
}

/** A failure as the answer; its text is cut to what fits. */
export function encodeFailure(session: number, text: string | Uint8Array): Buffer {
  const bytes = (typeof text === 'string' ? Buffer.from(text) : text).subarray(0, PART_SIZE);
  const frame = start(session, KIND.ERROR, bytes.length);
  frame.set(bytes, SIZE + HEAD);
  return frame;
}

function start(session: number, kind: number, size: number): Buffer {
  const frame = withSize(HEAD + size);
  frame.writeUInt32LE(session, SIZE);
  frame[SIZE + 4] = kind;
  return frame;
}

/** Whether the frame between two positions, without its size, is an answer in one piece. */
export function isWhole(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= HEAD && bytes[start + 4] === KIND.WHOLE;
}

/** The session of such a frame. */
export function sessionAt(bytes: Uint8Array, start: number): number {
  return (
    ((bytes[start] as number) |
      ((bytes[start + 1] as number) << 8) |
      ((bytes[start + 2] as number) << 16) |
      ((bytes[start + 3] as number) << 24)) >>>
    0
  );
}

/** Reads a frame, without its size; undefined if it is none. */
export function decodeResponse(frame: Buffer): ResponseFrame | undefined {
  if (frame.length < HEAD) return undefined;
  const session = frame.readUInt32LE(0);
  const kind = frame[4];
  switch (kind) {
    case KIND.ERROR:
      return { kind: 'error', session, text: frame.toString('utf8', HEAD) };
    case KIND.WHOLE:
      return { kind: 'whole', session, body: frame.subarray(HEAD) };
    case KIND.HEAD:
      if (frame.length !== HEAD + 4) return undefined;
      return { kind: 'head', session, size: frame.readUInt32LE(HEAD) };
    case KIND.PART:
    case KIND.LAST:
      return { kind: 'part', session, body: frame.subarray(HEAD), isLast: kind === KIND.LAST };
    default:
      return undefined;
  }
}
