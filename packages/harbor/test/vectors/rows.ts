import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** How the vector files write bytes: hex, a fill pattern, or a digest of the result. */
export type Written =
  | string
  | { fill: number; len: number }
  | { len: number; sha1: string; head: string; tail: string };

/** How they write the values of lua-seri that occur here. */
export type WrittenValue = { s: string } | { i: string };

export function rowsOf<Row>(file: string): Row[] {
  return (JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as { rows: Row[] }).rows;
}

export function bytesOf(written: Written): Uint8Array {
  if (typeof written === 'string') return Uint8Array.from(Buffer.from(written, 'hex'));
  if (!('fill' in written)) throw new Error('a digest is no input');
  const { fill, len } = written;
  return Uint8Array.from({ length: len }, (_, i) => ((fill + i * 31) & 255) ^ ((i >> 8) & 255));
}

export function readValue(written: WrittenValue): string | number {
  return 's' in written ? Buffer.from(written.s, 'hex').toString() : Number(written.i);
}

export function expectBytes(actual: Uint8Array, written: Written): void {
  if (typeof written === 'string') {
    expect(Buffer.from(actual).toString('hex')).toBe(written);
    return;
  }
  if (!('sha1' in written)) throw new Error('only results are compared');
  const bytes = Buffer.from(actual);
  expect({
    len: bytes.length,
    sha1: createHash('sha1').update(bytes).digest('hex'),
    head: bytes.subarray(0, 64).toString('hex'),
    tail: bytes.subarray(-64).toString('hex'),
  }).toEqual(written);
}
