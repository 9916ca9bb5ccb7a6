import { base64encode, sha1 } from '../../crypt/index.ts';

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Whether text can be the `Sec-WebSocket-Key` of a handshake. */
export function isHandshakeKey(text: string): boolean {
  return KEY.test(text);
}

/** The `Sec-WebSocket-Accept` that proves that a server has read the key. */
export function acceptOf(key: string): string {
  // A hash of node:crypto is an object that only the slow garbage collector clears away.
  return base64encode(sha1(key + GUID));
}
