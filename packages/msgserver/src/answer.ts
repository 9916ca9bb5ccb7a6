import { ANSWER_TAIL, writeU32 } from './wire.ts';

/** The payload of an answer, or, with `RESULT.push` and a sequence number, of a push. */
export function encodeAnswer(content: Uint8Array, result: number, session: number): Uint8Array {
  // From Node's pool: above 64 bytes an array of its own is memory of its own, too, and half of what an answer cost.
  const payload = Buffer.allocUnsafe(content.length + ANSWER_TAIL);
  payload.set(content);
  payload[content.length] = result;
  writeU32(payload, content.length + 1, session);
  return payload;
}
