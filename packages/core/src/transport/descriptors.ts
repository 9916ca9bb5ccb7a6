import { readFileSync } from 'node:fs';
import { SkynetError } from '../errors.ts';

/** Descriptors left for everything that is not an accepted connection. */
const RESERVE = 16;

/**
 * From which descriptor number on connections are turned away. When a process has none left libuv closes what comes
 * without a word; so we stop a little earlier, with a word, and leave some for files and for connections of our own.
 * Descriptors are given out lowest first, so the number tells how many are in use.
 */
export function descriptorCeiling(): number {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return limit - Math.min(RESERVE, limit >> 2);
}

export function outOfDescriptors(address: string): SkynetError {
  const text = 'accept error: Too many open files';
  return new SkynetError('ERR_LISTEN', text, { details: { address, reason: 'EMFILE' } });
}
