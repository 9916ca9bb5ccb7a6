import { printable } from '@skynet/core';
import { clusterError } from './errors.ts';
import { isSession, type Parts, parts, SIZE, withSize } from './part.ts';

// What the node that has connected sends, behind two bytes of size, big endian:
//
//   kind        then                                             means
//   00 / 80     address, session, body                           a request; a push if the session is 0
//   01 / 81     address, session, size                           the head of a large request, its parts follow
//   41 / c1     address, session, size                           the head of a large push
//   02 / 03     session, bytes                                   a part; the last part
//   04          text                                             the trace tag of the request that follows
//
// The address is a handle of four bytes, or, where the kind has 0x80, one byte of length and a name. Numbers are little
// endian.

/** A body of this size and above goes in parts. */
const LARGE_REQUEST = 0x8000;

/** Longest tag that fits. */
const MAX_TAG = 0x8000;
const MAX_NAME = 0xff;

const NAMED = 0x80;
const KIND = { WHOLE: 0, HEAD: 1, PART: 2, LAST: 3, TRACE: 4, PUSH: 0x41 } as const;

/** Where a request goes: a handle, 0 for the table of names, or a name: `@registered`, `.local`, `:hex`. */
export type Target = number | string;

/** What a frame of the node that has connected holds. Bodies are views. */
export type RequestFrame =
  | {
      readonly kind: 'whole';
      readonly to: Target;
      readonly session: number;
      readonly body: Uint8Array;
    }
  | {
      readonly kind: 'head';
      readonly to: Target;
      readonly session: number;
      readonly size: number;
      readonly isPush: boolean;
    }
  | {
      readonly kind: 'part';
      readonly session: number;
      readonly body: Uint8Array;
      readonly isLast: boolean;
    }
  | { readonly kind: 'trace'; readonly tag: string };

/** Whether a body goes in parts, behind a head. */
export function isLargeRequest(body: Uint8Array): boolean {
  return body.length >= LARGE_REQUEST;
}

/** The session after this one. */
export function nextSession(session: number): number {
  return session >= 0x7fffffff ? 1 : session + 1;
}

/**
 * The first frame of a request, size in front: all of it, or its head (see {@link isLargeRequest}).
 * @throws ERR_CLUSTER_NAME, ERR_ARGUMENT for a session that is none.
 */
export function encodeRequest(to: Target, session: number, body: Uint8Array): Buffer {
  if (!isSession(session)) throw badSession(session);
  return isLargeRequest(body)
    ? encodeHead(KIND.HEAD, to, session, body.length)
    : encodeWhole(to, session, body);
}

/** As {@link encodeRequest} for what gets no answer. The session only joins the parts of a large one. */
export function encodePush(to: Target, session: number, body: Uint8Array): Buffer {
  if (!isSession(session)) throw badSession(session);
  return isLargeRequest(body) ? encodeHead(KIND.PUSH, to, session, body.length) : encodeWhole(to, 0, body);
}

/** The parts of a large request or push, each with its size in front. */
export function requestParts(session: number, body: Uint8Array): Parts {
  return parts(body, (frame, at, isLast) => {
    frame[at] = isLast ? KIND.LAST : KIND.PART;
    frame.writeUInt32LE(session, at + 1);
  });
}

/** @throws ERR_ARGUMENT when the tag is too long. */
export function encodeTrace(tag: string): Buffer {
  const size = Buffer.byteLength(tag);
  if (size > MAX_TAG) throw clusterError('ERR_ARGUMENT', `trace tag is too long : ${size}`);
  const frame = withSize(1 + size);
  frame[SIZE] = KIND.TRACE;
  frame.write(tag, SIZE + 1);
  return frame;
}

/** Whether text is a name that a request can go to; the reason if not. */
function nameSize(name: string): number {
  const size = Buffer.byteLength(name);
  if (size >= 1 && size <= MAX_NAME) return size;
  throw clusterError(
    'ERR_CLUSTER_NAME',
    `name length is invalid, must be between 1 and 255 characters: ${printable(name)}`,
  );
}

function badSession(session: number): Error {
  return clusterError('ERR_ARGUMENT', `Invalid request session ${session}`);
}

function encodeWhole(to: Target, session: number, body: Uint8Array): Buffer {
  if (typeof to === 'number') {
    const frame = withSize(9 + body.length);
    frame[2] = KIND.WHOLE;
    frame.writeUInt32LE(to, 3);
    frame.writeUInt32LE(session, 7);
    frame.set(body, 11);
    return frame;
  }
  const size = nameSize(to);
  const frame = withSize(6 + size + body.length);
  frame[2] = KIND.WHOLE | NAMED;
  frame[3] = size;
  frame.write(to, 4);
  frame.writeUInt32LE(session, 4 + size);
  frame.set(body, 8 + size);
  return frame;
}

function encodeHead(kind: number, to: Target, session: number, total: number): Buffer {
  if (typeof to === 'number') {
    const frame = withSize(13);
    frame[2] = kind;
    frame.writeUInt32LE(to, 3);
    frame.writeUInt32LE(session, 7);
    frame.writeUInt32LE(total, 11);
    return frame;
  }
  const size = nameSize(to);
  const frame = withSize(10 + size);
  frame[2] = kind | NAMED;
  frame[3] = size;
  frame.write(to, 4);
  frame.writeUInt32LE(session, 4 + size);
  frame.writeUInt32LE(total, 8 + size);
  return frame;
}

/**
 * Reads a frame, without its size.
 * @throws ERR_CLUSTER_PROTOCOL.
 */
export function decodeRequest(frame: Buffer): RequestFrame {
  const size = frame.length;
  if (size === 0) throw malformed(size);
  const kind = frame[0] as number;
  switch (kind) {
    case KIND.WHOLE:
      if (size < 9) throw malformed(size);
      return wholeAt(frame, frame.readUInt32LE(1), 5);
    case NAMED | KIND.WHOLE: {
      const at = 2 + (frame[1] ?? 0);
      if (size < at + 4) throw malformed(size);
      return wholeAt(frame, frame.toString('utf8', 2, at), at);
    }
    case KIND.HEAD:
    case KIND.PUSH:
      if (size !== 13)
        throw clusterError(
          'ERR_CLUSTER_PROTOCOL',
          `Invalid cluster message size ${size} (multi req must be 13)`,
        );
      return headAt(frame, frame.readUInt32LE(1), 5, kind === KIND.PUSH);
    case NAMED | KIND.HEAD:
    case NAMED | KIND.PUSH: {
      const at = 2 + (frame[1] ?? 0);
      if (size < at + 8) throw malformed(size);
      return headAt(frame, frame.toString('utf8', 2, at), at, kind === (NAMED | KIND.PUSH));
    }
    case KIND.PART:
    case KIND.LAST:
      if (size < 5) throw clusterError('ERR_CLUSTER_PROTOCOL', 'Invalid cluster multi part message');
      return {
        kind: 'part',
        session: frame.readUInt32LE(1),
        body: frame.subarray(5),
        isLast: kind === KIND.LAST,
      };
    case KIND.TRACE:
      return { kind: 'trace', tag: frame.toString('utf8', 1) };
    default:
      throw clusterError('ERR_CLUSTER_PROTOCOL', `Invalid req package type ${kind}`);
  }
}

/** Reads the small requests of one connection in place. Mostly they go where the last one went: that name is kept. */
export class WholeRequests {
  /** Where the last one that was found goes, its session, and where its body begins. */
  to: Target = 0;
  session = 0;
  from = 0;
  #name = '';

  /** Finds the request between two positions; undefined if it is none, or an unusual one. Valid until the next. */
  at(bytes: Uint8Array, start: number, end: number): this | undefined {
    const kind = bytes[start];
    if (kind === (NAMED | KIND.WHOLE)) {
      const size = bytes[start + 1] as number;
      const at = start + 2 + size;
      if (at + 4 > end) return undefined;
      this.to = this.#nameAt(bytes, start + 2, size);
      this.session = uint32(bytes, at);
      this.from = at + 4;
      return this;
    }
    if (kind !== KIND.WHOLE || end - start < 9) return undefined;
    this.to = uint32(bytes, start + 1);
    this.session = uint32(bytes, start + 5);
    this.from = start + 9;
    return this;
  }

  #nameAt(bytes: Uint8Array, start: number, size: number): string {
    const name = this.#name;
    let i = name.length === size ? 0 : size;
    // Text of ASCII: what is not has no code that is a byte above 127.
    while (i < size && name.charCodeAt(i) === bytes[start + i] && (bytes[start + i] as number) < 0x80) i++;
    if (i === size && name.length === size) return name;
    this.#name = Buffer.from(bytes.buffer, bytes.byteOffset + start, size).toString('utf8');
    return this.#name;
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}

function wholeAt(frame: Buffer, to: Target, at: number): RequestFrame {
  return { kind: 'whole', to, session: frame.readUInt32LE(at), body: frame.subarray(at + 4) };
}

function headAt(frame: Buffer, to: Target, at: number, isPush: boolean): RequestFrame {
  return {
    kind: 'head',
    to,
    session: frame.readUInt32LE(at),
    size: frame.readUInt32LE(at + 4),
    isPush,
  };
}

function malformed(size: number): Error {
  return clusterError('ERR_CLUSTER_PROTOCOL', `Invalid cluster message (size=${size})`);
}
