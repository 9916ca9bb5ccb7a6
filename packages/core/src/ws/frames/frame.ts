/** Kinds of frames (RFC 6455, section 5.2). */
export const OP = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

/** Codes of close frames (RFC 6455, section 7.4.1). */
export const CLOSE = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL: 1002,
  NOT_BINARY: 1003,
  /** Never sent: there was no code, and there was no close frame. */
  NO_CODE: 1005,
  NO_FRAME: 1006,
  NOT_UTF8: 1007,
  POLICY: 1008,
  TOO_LARGE: 1009,
  ABANDONED: 1011,
} as const;

/** Bytes of the longest head of a frame without a mask. */
export const LONGEST_HEAD = 10;
/** Longest payload of a control frame. */
export const MAX_CONTROL = 125;

const FIN = 0x80;
const MEDIUM = 0xffff;

/** Bytes in front of a payload of this length, without a mask. */
export function headSize(length: number): number {
  return length <= MAX_CONTROL ? 2 : length <= MEDIUM ? 4 : LONGEST_HEAD;
}

/**
 * Writes the head of a frame that is a whole message or a control frame.
 * @param second 0x80 if a mask follows.
 */
export function writeHead(target: Uint8Array, at: number, op: number, length: number, second = 0): void {
  target[at] = FIN | op;
  if (length <= MAX_CONTROL) target[at + 1] = second | length;
  else if (length <= MEDIUM) {
    target[at + 1] = second | 126;
    target[at + 2] = length >>> 8;
    target[at + 3] = length;
  } else {
    target[at + 1] = second | 127;
    const high = Math.floor(length / 2 ** 32);
    for (let i = 0; i < 4; i++) {
      target[at + 2 + i] = high >>> (24 - 8 * i);
      target[at + 6 + i] = length >>> (24 - 8 * i);
    }
  }
}

/** The head of a frame without a mask whose payload is sent by itself. */
export function frameHead(op: number, length: number): Uint8Array {
  const head = new Uint8Array(headSize(length));
  writeHead(head, 0, op, length);
  return head;
}

/** A whole frame without a mask. */
export function frameOf(op: number, payload: Uint8Array): Uint8Array {
  const head = headSize(payload.length);
  const frame = new Uint8Array(head + payload.length);
  writeHead(frame, 0, op, payload.length);
  frame.set(payload, head);
  return frame;
}

/** The payload of a close frame. A code that is not sent makes it empty. */
export function closePayload(code: number, reason: Uint8Array): Uint8Array {
  if (code === CLOSE.NO_CODE) return new Uint8Array(0);
  const payload = new Uint8Array(2 + reason.length);
  payload[0] = code >>> 8;
  payload[1] = code;
  payload.set(reason, 2);
  return payload;
}

/** Whether a close frame may carry this code (RFC 6455, section 7.4, and what has been registered since). */
export function isCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}
