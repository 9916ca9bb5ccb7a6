import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';
import { LuaFloat, MAX_TABLES } from './seri-format.ts';
import { SeriReader, type UnpackOptions } from './seri-reader.ts';
import { isPresent, isWellFormed, packValue, SeriWriter } from './seri-writer.ts';
import { REFUSED, refusal } from './value.ts';

/** Memory of the writer that is kept between two calls. */
const KEPT_BYTES = 0x10000;

let spare: SeriWriter | undefined;
const reader = new SeriReader();

/**
 * Packs values as `skynet.pack` does.
 *
 * | ours | Lua |
 * | --- | --- |
 * | undefined, null | nil; as a value in an object or map the pair is left out |
 * | number that is a safe integer, bigint | integer |
 * | other numbers (-0, NaN, 1.5, 2 ** 53), {@link LuaFloat} | float |
 * | string | string of UTF-8 |
 * | Uint8Array | string of these bytes |
 * | array | table 1..n; undefined inside counts |
 * | object | table with string keys |
 * | Map | table with these keys; what stands at 1, 2, 3 … is its array part |
 *
 * @throws ERR_UNSERIALIZABLE: what no message can hold, and of that a bigint beyond 64 bits, text with a lone
 *   surrogate, nil or NaN as key of a map, a value inside more than 32 tables. Paths begin with the position, `$[1].pos`.
 */
export function packSeri(values: readonly unknown[]): Uint8Array {
  return packed(values, copied);
}

/** As {@link packSeri}, into memory that others share: for bytes that are sent on and not kept. */
export function packSeriShared(values: readonly unknown[]): Uint8Array {
  return packed(values, shared);
}

const LOOPED = 64;

function copied(bytes: Uint8Array, size: number): Uint8Array {
  const copy = new Uint8Array(size);
  if (size <= LOOPED) for (let i = 0; i < size; i++) copy[i] = bytes[i] as number;
  else copy.set(bytes.subarray(0, size));
  return copy;
}

let slab = new ArrayBuffer(0);
let slabUsed = 0;

function shared(bytes: Uint8Array, size: number): Uint8Array {
  // Small ones lie within their own object.
  if (size <= LOOPED || size > KEPT_BYTES >> 2) return copied(bytes, size);
  if (slabUsed + size > slab.byteLength) {
    slab = new ArrayBuffer(KEPT_BYTES);
    slabUsed = 0;
  }
  const copy = new Uint8Array(slab, slabUsed, size);
  slabUsed += size;
  for (let i = 0; i < size; i++) copy[i] = bytes[i] as number;
  return copy;
}

function packed(
  values: readonly unknown[],
  take: (bytes: Uint8Array, size: number) => Uint8Array,
): Uint8Array {
  if (!Array.isArray(values))
    throw new SkynetError('ERR_ARGUMENT', `values to pack are a list, not ${printable(values)}`);
  // A getter may pack something itself, so the writer is taken away while it is in use.
  const writer = spare ?? new SeriWriter();
  spare = undefined;
  try {
    writer.pos = 0;
    for (let i = 0; i < values.length; i++) packValue(writer, values[i], 0);
    return take(writer.bytes, writer.pos);
  } catch (thrown) {
    throw thrown === REFUSED ? refusal(values, { maxDepth: MAX_TABLES + 2, leavesToo: true, rule }) : thrown;
  } finally {
    if (writer.bytes.length <= KEPT_BYTES) spare = writer;
  }
}

/** Size of the values when packed, 0 if they cannot be. For log lines (`msgsz`). */
export function seriSize(values: readonly unknown[]): number {
  try {
    return packSeri(values).length;
  } catch {
    return 0;
  }
}

/**
 * Unpacks the values from `offset` to the end, as `skynet.unpack` does. No bytes, no values.
 *
 * | Lua | ours |
 * | --- | --- |
 * | nil | undefined |
 * | integer | number, or bigint beyond `Number.MAX_SAFE_INTEGER` |
 * | float | number (1.0 becomes 1, see `floats`) |
 * | string | text, or a Buffer when it is not UTF-8 (see `strings`) |
 * | table with an array part only, empty table | array |
 * | table with string keys only | object |
 * | other tables | Map, the array part at 1, 2, 3 … |
 *
 * @throws ERR_SERI_MALFORMED when the bytes end too early, are of no known type, hold a pointer, or nest deeper than 32
 *   tables; `details.remaining` says how many bytes were left, `details.offset` where.
 */
export function unpackSeri(bytes: Uint8Array, offset: number = 0, options?: UnpackOptions): unknown[] {
  if (!(bytes instanceof Uint8Array))
    throw new SkynetError('ERR_ARGUMENT', `packed values are bytes, not ${printable(bytes)}`);
  const values: unknown[] = [];
  try {
    reader.begin(bytes, offset, options);
    while (reader.pos < reader.end) values.push(reader.value(0));
    return values;
  } finally {
    reader.finish();
  }
}

/** What Lua has no place for, for the search after the part at fault. */
function rule(part: unknown, isKey: boolean): string | null | undefined {
  if (part instanceof LuaFloat) return null;
  if (typeof part === 'bigint' && BigInt.asIntN(64, part) !== part) return 'bigint beyond 64 bits';
  if (typeof part === 'string' && !isWellFormed(part)) return 'text with a lone surrogate';
  if (isKey && (!isPresent(part) || Number.isNaN(part))) return `${part} as key`;
  return undefined;
}
