import { isUtf8 } from 'node:buffer';
import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';
import { type SeriShape, seriShapes } from './seri-shapes.ts';
import { MAX_CACHED_TEXT, TextCache } from './text-cache.ts';
import { isPlain, REFUSED, refusal, setProtoKey } from './value.ts';

// The original's serialisation of Lua values (`skynet.pack`, `skynet.unpack`), byte for byte. A stream is values one
// after another until it ends. The low three bits of a value's first byte are its type, the high five a "cookie":
//
//   type  cookie                what follows
//   0     any                   nothing: nil
//   1     0, other              nothing: false, true
//   2     0 1 2 4 6 8           integer 0, u8, u16, i32, i64, float (f64)
//   3     0                     pointer of 8 bytes, of no use in another process: refused
//   4     length 0..31          a string's bytes
//   5     2 4                   length in u16 or u32, a string's bytes
//   6     length 0..30, or 31   (31: length as an integer value) the elements 1..length, then key, value, …, nil
//
// All numbers are little endian.

const NIL = 0;
const BOOLEAN = 1;
const NUMBER = 2;
const SHORT_STRING = 4;
const LONG_STRING = 5;
const TABLE = 6;

const BYTE = 1;
const WORD = 2;
const DWORD = 4;
const QWORD = 6;
const REAL = 8;

/** A value stands in at most so many tables. The original's limit, held when reading too. */
const MAX_TABLES = 32;
const MAX_SHORT_STRING = 31;
const MAX_SHORT_TABLE = 30;
/** Memory of the writer that is kept between two calls. */
const KEPT_BYTES = 0x10000;

/** A number that arrives in Lua as a float although it has no fraction: `new LuaFloat(1)` is Lua's `1.0`. */
export class LuaFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** How {@link unpackSeri} turns Lua values into ours. */
export interface UnpackOptions {
  /** `text`, the default: UTF-8 strings become text, others a Buffer. `bytes`: every string becomes a Buffer, but the keys of tables. */
  strings?: 'text' | 'bytes';
  /** `number`, the default. `exact`: a float without fraction becomes a {@link LuaFloat}, so that packing it again gives the same bytes. */
  floats?: 'number' | 'exact';
}

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
  const writer = spare ?? new Writer();
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

class Writer {
  bytes: Buffer = Buffer.allocUnsafeSlow(1024);
  view: DataView = new DataView(this.bytes.buffer);
  pos = 0;

  /** Makes sure that `size` bytes can be written. */
  room(size: number): void {
    if (this.pos + size <= this.bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.pos + size, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.pos));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  byte(value: number): void {
    if (this.pos === this.bytes.length) this.room(1);
    this.bytes[this.pos++] = value;
  }

  integer(value: number): void {
    this.room(5);
    const { bytes, pos } = this;
    if (value === 0) {
      bytes[pos] = NUMBER;
      this.pos = pos + 1;
    } else if (value > 0 && value < 0x100) {
      bytes[pos] = NUMBER | (BYTE << 3);
      bytes[pos + 1] = value;
      this.pos = pos + 2;
    } else if (value > 0 && value < 0x10000) {
      bytes[pos] = NUMBER | (WORD << 3);
      this.view.setUint16(pos + 1, value, true);
      this.pos = pos + 3;
    } else if (value >= -0x80000000 && value < 0x80000000) {
      bytes[pos] = NUMBER | (DWORD << 3);
      this.view.setInt32(pos + 1, value, true);
      this.pos = pos + 5;
    } else {
      this.long(BigInt(value));
    }
  }

  long(value: bigint): void {
    this.room(9);
    this.bytes[this.pos] = NUMBER | (QWORD << 3);
    this.view.setBigInt64(this.pos + 1, value, true);
    this.pos += 9;
  }

  float(value: number): void {
    this.room(9);
    this.bytes[this.pos] = NUMBER | (REAL << 3);
    this.view.setFloat64(this.pos + 1, value, true);
    this.pos += 9;
  }

  /** The head of a string and room for its bytes. */
  stringHead(size: number): void {
    this.room(size + 5);
    if (size <= MAX_SHORT_STRING) {
      this.bytes[this.pos++] = SHORT_STRING | (size << 3);
    } else if (size < 0x10000) {
      this.bytes[this.pos] = LONG_STRING | (2 << 3);
      this.view.setUint16(this.pos + 1, size, true);
      this.pos += 3;
    } else {
      this.bytes[this.pos] = LONG_STRING | (4 << 3);
      this.view.setUint32(this.pos + 1, size, true);
      this.pos += 5;
    }
  }

  text(value: string): void {
    const length = value.length;
    if (length <= MAX_SHORT_STRING) {
      this.room(length + 1);
      const { bytes } = this;
      let pos = this.pos;
      bytes[pos++] = SHORT_STRING | (length << 3);
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[pos++] = code;
      }
      if (i === length) {
        this.pos = pos;
        return;
      }
    }
    if (!isWellFormed(value)) throw REFUSED;
    const size = Buffer.byteLength(value);
    this.stringHead(size);
    this.bytes.write(value, this.pos, size, 'utf8');
    this.pos += size;
  }

  data(value: Uint8Array): void {
    this.stringHead(value.length);
    this.bytes.set(value, this.pos);
    this.pos += value.length;
  }

  tableHead(length: number): void {
    if (length <= MAX_SHORT_TABLE) {
      this.byte(TABLE | (length << 3));
    } else {
      this.byte(TABLE | ((MAX_SHORT_TABLE + 1) << 3));
      this.integer(length);
    }
  }
}

let spare: Writer | undefined;

function packValue(writer: Writer, value: unknown, depth: number): void {
  if (depth > MAX_TABLES) throw REFUSED;
  switch (typeof value) {
    case 'string':
      writer.text(value);
      break;
    case 'number':
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.integer(value);
      else writer.float(value);
      break;
    case 'boolean':
      writer.byte(value ? BOOLEAN | (1 << 3) : BOOLEAN);
      break;
    case 'undefined':
      writer.byte(NIL);
      break;
    case 'bigint':
      if (Number.isSafeInteger(Number(value))) writer.integer(Number(value));
      else if (BigInt.asIntN(64, value) === value) writer.long(value);
      else throw REFUSED;
      break;
    case 'object':
      if (value === null) writer.byte(NIL);
      else packObject(writer, value, depth);
      break;
    default:
      throw REFUSED;
  }
}

function packObject(writer: Writer, value: object, depth: number): void {
  if (isPlain(value)) {
    writer.tableHead(0);
    for (const key in value) {
      const part = value[key];
      if (part === undefined || part === null) continue; // no table holds nil
      writer.text(key);
      packValue(writer, part, depth + 1);
    }
  } else if (Array.isArray(value)) {
    const length = value.length;
    writer.tableHead(length);
    for (let i = 0; i < length; i++) packValue(writer, value[i], depth + 1);
  } else if (value instanceof Map) {
    packMap(writer, value, depth);
  } else {
    if (value instanceof Uint8Array) writer.data(value);
    else if (value instanceof LuaFloat) writer.float(value.value);
    else throw REFUSED;
    return;
  }
  writer.byte(NIL);
}

function packMap(writer: Writer, map: Map<unknown, unknown>, depth: number): void {
  let length = 0;
  while (isPresent(map.get(length + 1))) length++;
  writer.tableHead(length);
  for (let i = 1; i <= length; i++) packValue(writer, map.get(i), depth + 1);
  for (const [key, part] of map) {
    if (typeof key === 'number' && key >= 1 && key <= length && Number.isInteger(key)) continue;
    if (!isPresent(key) || Number.isNaN(key)) throw REFUSED;
    if (!isPresent(part)) continue;
    packValue(writer, key, depth + 1);
    packValue(writer, part, depth + 1);
  }
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** What Lua has no place for, for the search after the part at fault. */
function rule(part: unknown, isKey: boolean): string | null | undefined {
  if (part instanceof LuaFloat) return null;
  if (typeof part === 'bigint' && BigInt.asIntN(64, part) !== part) return 'bigint beyond 64 bits';
  if (typeof part === 'string' && !isWellFormed(part)) return 'text with a lone surrogate';
  if (isKey && (!isPresent(part) || Number.isNaN(part))) return `${part} as key`;
  return undefined;
}

const texts = new TextCache();
/** The bytes of a float, to be read as one. */
const floatBytes = new Uint8Array(8);
const floatView = new DataView(floatBytes.buffer);
const NO_BYTES = new Uint8Array(0);

/** Reads packed values. One is enough for a thread: nothing of the reader's is called while it reads. */
class Reader {
  #bytes: Uint8Array = NO_BYTES;
  #allBytes = false;
  #exact = false;
  end = 0;
  pos = 0;
  /** Values of tables with keys that are being read. */
  readonly #values: unknown[] = [];

  begin(bytes: Uint8Array, offset: number, options: UnpackOptions | undefined): void {
    this.#bytes = bytes;
    this.#allBytes = options?.strings === 'bytes';
    this.#exact = options?.floats === 'exact';
    this.end = bytes.length;
    this.pos = offset;
  }

  /** Forgets what was read, also when it could not be read to its end. */
  finish(): void {
    this.#bytes = NO_BYTES;
    if (this.#values.length > 0) this.#values.length = 0;
  }

  value(depth: number): unknown {
    return this.#any(depth, this.#allBytes, this.#exact);
  }

  #any(depth: number, allBytes: boolean, exact: boolean): unknown {
    if (depth > MAX_TABLES) throw this.#malformed('nested too deeply');
    const head = this.#bytes[this.#take(1)] as number;
    const cookie = head >> 3;
    switch (head & 7) {
      case NIL:
        return undefined;
      case BOOLEAN:
        return cookie !== 0;
      case NUMBER:
        return cookie === REAL ? this.#float(exact) : this.#integer(cookie);
      case SHORT_STRING:
        return this.#string(cookie, allBytes);
      case LONG_STRING:
        if (cookie === 2) return this.#string(this.#word(), allBytes);
        if (cookie === 4) return this.#string(this.#dword() >>> 0, allBytes);
        throw this.#malformed('unknown length of a string');
      case TABLE:
        return this.#table(cookie, depth + 1);
      default:
        throw this.#malformed((head & 7) === 3 ? 'a pointer of another process' : 'unknown type');
    }
  }

  /** The position of `size` bytes, which are passed over. */
  #take(size: number): number {
    const pos = this.pos;
    if (size > this.end - pos) throw this.#malformed('ends too early');
    this.pos = pos + size;
    return pos;
  }

  #malformed(why: string): SkynetError {
    const remaining = this.end - this.pos;
    return new SkynetError('ERR_SERI_MALFORMED', `Invalid serialize stream ${remaining} (${why})`, {
      details: { remaining, offset: this.pos },
    });
  }

  #word(): number {
    const at = this.#take(2);
    const bytes = this.#bytes;
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  }

  /** 32 bits with their sign. */
  #dword(): number {
    const at = this.#take(4);
    const bytes = this.#bytes;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  #integer(cookie: number): number | bigint {
    switch (cookie) {
      case 0:
        return 0;
      case BYTE:
        return this.#bytes[this.#take(1)] as number;
      case WORD:
        return this.#word();
      case DWORD:
        return this.#dword();
      case QWORD: {
        if (8 > this.end - this.pos) throw this.#malformed('ends too early');
        const low = this.#dword() >>> 0;
        const high = this.#dword();
        const number = high * 0x1_0000_0000 + low;
        return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
      }
      default:
        throw this.#malformed('unknown kind of number');
    }
  }

  #float(exact: boolean): number | LuaFloat {
    const at = this.#take(8);
    const bytes = this.#bytes;
    for (let i = 0; i < 8; i++) floatBytes[i] = bytes[at + i] as number;
    const value = floatView.getFloat64(0, true);
    return exact && Number.isSafeInteger(value) && !Object.is(value, -0) ? new LuaFloat(value) : value;
  }

  #string(size: number, allBytes: boolean): string | Buffer {
    const start = this.#take(size);
    const end = start + size;
    const bytes = this.#bytes;
    if (size <= MAX_CACHED_TEXT && !allBytes) {
      let i = start;
      while (i < end && (bytes[i] as number) < 0x80) i++;
      if (i === end) return texts.get(bytes, start, size);
    }
    const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, size);
    return !allBytes && isUtf8(part) ? part.toString('utf8') : Buffer.from(part);
  }

  #length(cookie: number): number {
    if (cookie <= MAX_SHORT_TABLE) return cookie;
    const head = this.#bytes[this.#take(1)] as number;
    if ((head & 7) !== NUMBER || head >> 3 === REAL)
      throw this.#malformed('the length of a table is no integer');
    const length = Number(this.#integer(head >> 3));
    // An element takes a byte at least, so this is a lie; nothing is set aside for it.
    if (length < 0 || length > this.end - this.pos) throw this.#malformed('ends too early');
    return length;
  }

  #table(cookie: number, depth: number): unknown {
    const length = this.#length(cookie);
    if (length === 0) return this.#atNil() ? [] : this.#object(depth);
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.value(depth));
    if (this.#atNil()) return list;
    return this.#map(new Map(list.map((part, i): [unknown, unknown] => [i + 1, part])), depth);
  }

  /** A table without an array part: an object as long as its keys are text. */
  #object(depth: number): unknown {
    const values = this.#values;
    const from = values.length;
    let shape = seriShapes();
    do {
      const known = this.#knownKey(shape);
      let next = known;
      let key: unknown;
      if (known === undefined) {
        const at = this.pos;
        key = this.#key(depth);
        if (typeof key === 'string' && this.pos - at <= MAX_SHORT_STRING + 1)
          next = shape.by(key, this.#bytes.slice(at, this.pos));
      }
      const value = next === undefined ? undefined : this.value(depth);
      if (next === undefined || value === undefined) {
        const object = shape.object(values, from);
        values.length = from;
        // What no table holds is no pair.
        return next === undefined ? this.#dictionary(object, key, depth) : this.#rest(object, depth);
      }
      values.push(value);
      shape = next;
    } while (!this.#atNil());
    const object = shape.object(values, from);
    values.length = from;
    return object;
  }

  /** Passes over the key that is expected, if it comes. */
  #knownKey({ expected, next }: SeriShape): SeriShape | undefined {
    if (expected === undefined) return undefined;
    const bytes = this.#bytes;
    const { pos } = this;
    const { length } = expected;
    if (length > this.end - pos) return undefined;
    for (let i = 0; i < length; i++) if (bytes[pos + i] !== expected[i]) return undefined;
    this.pos = pos + length;
    return next;
  }

  /** The rest of the pairs of an object, if there are any. */
  #rest(object: Record<string, unknown>, depth: number): unknown {
    return this.#atNil() ? object : this.#dictionary(object, this.#key(depth), depth);
  }

  /** The rest of the pairs, a key of which has been read: an object no longer when a key is no text. */
  #dictionary(object: Record<string, unknown>, first: unknown, depth: number): unknown {
    let key = first;
    for (;;) {
      if (typeof key !== 'string') {
        const map = new Map<unknown, unknown>(Object.entries(object));
        this.#pair(map, key, depth);
        return this.#atNil() ? map : this.#map(map, depth);
      }
      const value = this.value(depth);
      if (value !== undefined) {
        if (key === '__proto__') setProtoKey(object, value);
        else object[key] = value;
      }
      if (this.#atNil()) return object;
      key = this.#key(depth);
    }
  }

  /** The rest of the pairs. */
  #map(map: Map<unknown, unknown>, depth: number): Map<unknown, unknown> {
    do this.#pair(map, this.#key(depth), depth);
    while (!this.#atNil());
    return map;
  }

  #pair(map: Map<unknown, unknown>, key: unknown, depth: number): void {
    const value = this.value(depth);
    if (value !== undefined) map.set(key, value);
  }

  #key(depth: number): unknown {
    const key = this.#any(depth, false, false);
    if (Number.isNaN(key)) throw this.#malformed('NaN as key');
    return key;
  }

  /** Passes over the nil that ends a table, if it stands here. */
  #atNil(): boolean {
    if (this.pos >= this.end) throw this.#malformed('ends too early');
    if (((this.#bytes[this.pos] as number) & 7) !== NIL) return false;
    this.pos++;
    return true;
  }
}

const reader = new Reader();
