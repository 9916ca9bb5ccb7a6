import { type Bytes, bytesOf, eightBytes } from './bytes.ts';

/** An 8-byte hash of text of any length. Made for spreading, not for secrecy: it is easy to find texts with one hash. */
export function hashkey(text: Bytes): Uint8Array {
  let djb = 5381;
  let js = 1315423911;
  for (const byte of bytesOf(text, 'text')) {
    djb = (djb + (djb << 5) + byte) | 0;
    js ^= (js << 5) + byte + (js >>> 2);
  }
  return eightBytes(djb, js);
}
