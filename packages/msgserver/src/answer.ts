import { ANSWER_TAIL, writeU32 } from './wire.ts';

/** Writes the payload of an answer, or, with `RESULT.push` and a sequence number, of a push. */
export function writeAnswer(
  target: Uint8Array,
  at: number,
  content: Uint8Array,
  result: number,
  session: number,
): void {
  const end = at + content.length;
  target.set(content, at);
  target[end] = result;
  writeU32(target, end + 1, session);
}

/** The same in memory of its own. */
export function encodeAnswer(content: Uint8Array, result: number, session: number): Uint8Array {
  // From Node's pool: above 64 bytes an array of its own is memory of its own, too, and half of what an answer cost.
  const payload = Buffer.allocUnsafe(content.length + ANSWER_TAIL);
  writeAnswer(payload, 0, content, result, session);
  return payload;
}
