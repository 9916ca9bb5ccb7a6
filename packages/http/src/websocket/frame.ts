import { randomFillSync } from 'node:crypto';

/** Kinds of frames (RFC 6455, section 5.2). */
export const OP = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

const FIN = 0x80;
const MASKED = 0x80;
/** Longest payload in one byte, and in two. */
const SHORT = 125;
const MEDIUM = 0xffff;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_SIZE = 4;
/** Up to here a loop over bytes beats one over words. */
const FEW = 32;

const masks: Buffer = Buffer.alloc(4096);
let masksUsed = masks.length;

/** Four bytes that nobody can foresee. */
function freshMask(target: Buffer, offset: number): void {
  if (masksUsed === masks.length) {
    randomFillSync(masks);
    masksUsed = 0;
  }
  masks.copy(target, offset, masksUsed, masksUsed + MASK_SIZE);
  masksUsed += MASK_SIZE;
}

/** Bytes before a payload of this length. */
function headSize(length: number, masked: boolean): number {
  return (length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10) + (masked ? MASK_SIZE : 0);
}

function writeHead(frame: Buffer, op: number, length: number, masked: boolean): void {
  const mask = masked ? MASKED : 0;
  frame[0] = FIN | op;
  if (length <= SHORT) frame[1] = mask | length;
  else if (length <= MEDIUM) {
    frame[1] = mask | LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = mask | LENGTH_64;
    frame.writeUIntBE(0, 2, 2);
    frame.writeUIntBE(length, 4, 6);
  }
}

/**
 * A whole frame.
 * @param mask what a client puts over the payload: a fresh one, or a number to be it; false for none.
 */
export function frameOf(op: number, payload: Uint8Array | string, mask: boolean | number): Buffer {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const masked = mask !== false;
  const head = headSize(length, masked);
  const frame = Buffer.allocUnsafe(head + length);
  writeHead(frame, op, length, masked);
  if (typeof payload === 'string') frame.write(payload, head, 'utf8');
  else frame.set(payload, head);
  if (!masked) return frame;
  const at = head - MASK_SIZE;
  if (typeof mask === 'number') frame.writeUInt32BE(mask >>> 0, at);
  else freshMask(frame, at);
  for (let i = 0; i < length; i++)
    frame[head + i] = (frame[head + i] as number) ^ (frame[at + (i & 3)] as number);
  return frame;
}

/** A frame without mask in front of a payload that is sent by itself. */
export function frameHead(op: number, length: number): Buffer {
  const frame = Buffer.allocUnsafe(headSize(length, false));
  writeHead(frame, op, length, false);
  return frame;
}

/** A copy of a payload without the mask that stands before it. */
export function unmasked(bytes: Uint8Array, start: number, length: number): Buffer {
  const mask = start - MASK_SIZE;
  if (length < FEW) {
    const few = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++)
      few[i] = (bytes[start + i] as number) ^ (bytes[mask + (i & 3)] as number);
    return few;
  }
  // With memory of its own, so that words are where words have to be.
  const many = Buffer.allocUnsafeSlow(length);
  many.set(bytes.subarray(start, start + length));
  const words = new Int32Array(many.buffer, 0, length >> 2);
  const word = new Int32Array(Uint8Array.prototype.slice.call(bytes, mask, start).buffer)[0] as number;
  for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) ^ word;
  for (let i = length & ~3; i < length; i++)
    many[i] = (many[i] as number) ^ (bytes[mask + (i & 3)] as number);
  return many;
}

/** The payload of a close frame. */
export function closePayload(code: number | undefined, reason: string): Buffer {
  if (code === undefined) return Buffer.alloc(0);
  const text = Buffer.from(reason);
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code, 0);
  payload.set(text, 2);
  return payload;
}

/** Whether a close frame may carry this code (RFC 6455, section 7.4, and what has been registered since). */
export function isCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
