import { randomFillSync } from 'node:crypto';
import { printable } from '@skynet/core';
import { headSize, isCloseCode, writeHead } from '@skynet/core/ws/frames';
import { httpError } from '../errors.ts';

const MASKED = 0x80;
const MASK_SIZE = 4;
const MAX_REASON = 123;

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

/**
 * A whole frame.
 * @param mask what a client puts over the payload: a fresh one, or a number to be it; false for none.
 */
export function frameOf(op: number, payload: Uint8Array | string, mask: boolean | number): Buffer {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const masked = mask !== false;
  const head = headSize(length) + (masked ? MASK_SIZE : 0);
  const frame = Buffer.allocUnsafe(head + length);
  writeHead(frame, 0, op, length, masked ? MASKED : 0);
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
  const frame = Buffer.allocUnsafe(headSize(length));
  writeHead(frame, 0, op, length);
  return frame;
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

/** A code and a reason that can be sent. @throws ERR_WEBSOCKET_DATA. */
export function checkClose(code: unknown, reason: unknown): void {
  if (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_REASON)
    throw httpError('ERR_WEBSOCKET_DATA', `the reason of a close is text of at most ${MAX_REASON} bytes`);
  if (code === undefined && reason === '') return;
  if (typeof code !== 'number' || !Number.isInteger(code) || !isCloseCode(code))
    throw httpError('ERR_WEBSOCKET_DATA', `not a code to close with: ${printable(code)}`);
}
