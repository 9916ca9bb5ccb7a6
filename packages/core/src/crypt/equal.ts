import { type Bytes, bytesOf } from './bytes.ts';

/**
 * Whether two byte strings are the same, in a time that depends on their lengths only. For comparing what a client
 * sent with what it should be: with a plain comparison the time tells how many bytes were right.
 */
export function equal(a: Bytes, b: Bytes): boolean {
  const first = bytesOf(a, 'a');
  const second = bytesOf(b, 'b');
  if (first.length !== second.length) return false;
  let difference = 0;
  for (let i = 0; i < first.length; i++) difference |= (first[i] as number) ^ (second[i] as number);
  return difference === 0;
}
