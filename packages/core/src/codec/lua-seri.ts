import { SkynetError } from '../errors.ts';

/**
 * The original's serialisation of Lua values (`skynet.pack`), byte for byte.
 *
 * JavaScript to Lua: `null`/`undefined` nil, integers in the range of 64 bits integer (bigint too), other numbers
 * float, text UTF-8 strings, `Uint8Array` strings, arrays tables 1..n, plain objects tables with string keys, `Map`
 * tables with any keys. Lua to JavaScript: integers number, or bigint beyond 2^53; strings text, or `Uint8Array` when
 * they are not UTF-8; tables with an array part only arrays, with string keys only objects, others `Map`; light
 * userdata {@link LightUserdata}. {@link LuaFloat} keeps a float with an integral value a float.
 */

const TYPE = { NIL: 0, BOOLEAN: 1, NUMBER: 2, USERDATA: 3, SHORT_STRING: 4, LONG_STRING: 5, TABLE: 6 } as const;
const NUMBER = { ZERO: 0, BYTE: 1, WORD: 2, DWORD: 4, QWORD: 6, REAL: 8 } as const;
/** The original's limits. */
const MAX_COOKIE = 32;
const MAX_DEPTH = 32;

/** A number that is to arrive in Lua as a float although it has no fraction. */
export class LuaFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A pointer of the other side, as its eight bytes. */
export class LightUserdata {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 63n - 1n;

/** Grows as it is written to. */
class Writer {
  bytes: Buffer = Buffer.allocUnsafe(256);
  length = 0;

  room(size: number): number {
    const at = this.length;
    this.length += size;
    if (this.length > this.bytes.length) {
      const bigger = Buffer.allocUnsafe(Math.max(this.length, this.bytes.length * 2));
      this.bytes.copy(bigger, 0, 0, at);
      this.bytes = bigger;
    }
    return at;
  }

  head(type: number, cookie: number): void {
    const at = this.room(1);
    this.bytes[at] = type | (cookie << 3);
  }
}

function refuse(what: string): never {
  throw new SkynetError('ERR_UNSERIALIZABLE', `cannot be packed for Lua: ${what}`, { details: { type: what } });
}

function packInteger(writer: Writer, value: bigint): void {
  if (value === 0n) return writer.head(TYPE.NUMBER, NUMBER.ZERO);
  if (value < MIN_INTEGER || value > MAX_INTEGER) refuse('an integer beyond 64 bits');
  if (value < -0x80000000n || value > 0x7fffffffn) {
    writer.head(TYPE.NUMBER, NUMBER.QWORD);
    const at = writer.room(8);
    writer.bytes.writeBigInt64LE(value, at);
    return;
  }
  packSmall(writer, Number(value));
}

/** An integer of 32 bits, with sign. */
function packSmall(writer: Writer, value: number): void {
  if (value === 0) writer.head(TYPE.NUMBER, NUMBER.ZERO);
  else if (value < 0) {
    writer.head(TYPE.NUMBER, NUMBER.DWORD);
    const at = writer.room(4);
    writer.bytes.writeInt32LE(value, at);
  } else if (value < 0x100) {
    writer.head(TYPE.NUMBER, NUMBER.BYTE);
    const at = writer.room(1);
    writer.bytes[at] = value;
  } else if (value < 0x10000) {
    writer.head(TYPE.NUMBER, NUMBER.WORD);
    const at = writer.room(2);
    writer.bytes.writeUInt16LE(value, at);
  } else {
    writer.head(TYPE.NUMBER, NUMBER.DWORD);
    const at = writer.room(4);
    writer.bytes.writeInt32LE(value, at);
  }
}

function packReal(writer: Writer, value: number): void {
  writer.head(TYPE.NUMBER, NUMBER.REAL);
  const at = writer.room(8);
  writer.bytes.writeDoubleLE(value, at);
}

function packString(writer: Writer, bytes: Uint8Array): void {
  const size = bytes.length;
  if (size < MAX_COOKIE) writer.head(TYPE.SHORT_STRING, size);
  else if (size < 0x10000) {
    writer.head(TYPE.LONG_STRING, 2);
    const at = writer.room(2);
    writer.bytes.writeUInt16LE(size, at);
  } else {
    writer.head(TYPE.LONG_STRING, 4);
    const at = writer.room(4);
    writer.bytes.writeUInt32LE(size, at);
  }
  const at = writer.room(size);
  writer.bytes.set(bytes, at);
}

function packTableHead(writer: Writer, length: number): void {
  if (length < MAX_COOKIE - 1) return writer.head(TYPE.TABLE, length);
  writer.head(TYPE.TABLE, MAX_COOKIE - 1);
  if (length > 0x7fffffff) refuse('an array that long');
  packSmall(writer, length);
}

function packValue(writer: Writer, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) refuse(`a table deeper than ${MAX_DEPTH}`);
  switch (typeof value) {
    case 'undefined':
      return writer.head(TYPE.NIL, 0);
    case 'boolean':
      return writer.head(TYPE.BOOLEAN, value ? 1 : 0);
    case 'bigint':
      return packInteger(writer, value);
    case 'number':
      if (!Number.isInteger(value) || Object.is(value, -0)) return packReal(writer, value);
      if (value >= -0x80000000 && value <= 0x7fffffff) return packSmall(writer, value);
      return Math.abs(value) < 2 ** 63 ? packInteger(writer, BigInt(value)) : packReal(writer, value);
    case 'string':
      return packString(writer, Buffer.from(value));
    case 'object':
      break;
    default:
      refuse(typeof value);
  }
  if (value === null) writer.head(TYPE.NIL, 0);
  else if (value instanceof Uint8Array) packString(writer, value);
  else if (Array.isArray(value)) {
    packTableHead(writer, value.length);
    for (let i = 0; i < value.length; i++) packValue(writer, value[i], depth + 1);
    writer.head(TYPE.NIL, 0);
  } else if (value instanceof Map) {
    let length = 0;
    while (value.has(length + 1)) length++;
    packTableHead(writer, length);
    for (let i = 1; i <= length; i++) packValue(writer, value.get(i), depth + 1);
    for (const [key, part] of value) {
      if (typeof key === 'number' && Number.isInteger(key) && key >= 1 && key <= length) continue;
      if (key === null || key === undefined || Number.isNaN(key)) refuse('a table key that is nil or NaN');
      packValue(writer, key, depth + 1);
      packValue(writer, part, depth + 1);
    }
    writer.head(TYPE.NIL, 0);
  } else if (value instanceof LuaFloat) packReal(writer, value.value);
  else if (value instanceof LightUserdata) {
    writer.head(TYPE.USERDATA, 0);
    const at = writer.room(8);
    writer.bytes.set(value.bytes.subarray(0, 8), at);
  } else {
    const proto = Object.getPrototypeOf(value);
    if (proto !== Object.prototype && proto !== null) refuse(value.constructor?.name || 'object of a class');
    packTableHead(writer, 0);
    for (const [key, part] of Object.entries(value)) {
      if (part === undefined || part === null) continue; // a Lua table holds no nil
      packString(writer, Buffer.from(key));
      packValue(writer, part, depth + 1);
    }
    writer.head(TYPE.NIL, 0);
  }
}

/** Values as lua-seri bytes. @throws ERR_UNSERIALIZABLE. */
export function packSeri(values: readonly unknown[]): Uint8Array {
  const writer = new Writer();
  for (const value of values) packValue(writer, value, 0);
  return new Uint8Array(writer.bytes.subarray(0, writer.length));
}

/** Size of the values as lua-seri bytes, 0 if they cannot be packed. For log lines. */
export function seriSize(values: readonly unknown[]): number {
  try {
    return packSeri(values).length;
  } catch {
    return 0;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) this.#malformed();
    this.#at += size;
    return at;
  }

  #malformed(): never {
    const left = this.#bytes.length - this.#at;
    throw new SkynetError('ERR_SERI_MALFORMED', `Invalid serialize stream ${left}`, { details: { left } });
  }

  /** The next value; `top` values may be anything. */
  value(depth: number): unknown {
    if (depth > MAX_DEPTH) this.#malformed();
    const head = this.#bytes[this.#take(1)] as number;
    const cookie = head >> 3;
    switch (head & 7) {
      case TYPE.NIL:
        return undefined;
      case TYPE.BOOLEAN:
        return cookie !== 0;
      case TYPE.NUMBER:
        return this.#number(cookie);
      case TYPE.USERDATA: {
        const at = this.#take(8);
        return new LightUserdata(new Uint8Array(this.#bytes.subarray(at, at + 8)));
      }
      case TYPE.SHORT_STRING:
        return this.#string(cookie);
      case TYPE.LONG_STRING:
        if (cookie === 2) return this.#string(this.#bytes.readUInt16LE(this.#take(2)));
        if (cookie === 4) return this.#string(this.#bytes.readUInt32LE(this.#take(4)));
        return this.#malformed();
      case TYPE.TABLE:
        return this.#table(cookie, depth);
      default:
        return this.#malformed();
    }
  }

  #number(cookie: number): number | bigint {
    switch (cookie) {
      case NUMBER.ZERO:
        return 0;
      case NUMBER.BYTE:
        return this.#bytes[this.#take(1)] as number;
      case NUMBER.WORD:
        return this.#bytes.readUInt16LE(this.#take(2));
      case NUMBER.DWORD:
        return this.#bytes.readInt32LE(this.#take(4));
      case NUMBER.QWORD: {
        const value = this.#bytes.readBigInt64LE(this.#take(8));
        return Number.isSafeInteger(Number(value)) ? Number(value) : value;
      }
      case NUMBER.REAL:
        return this.#bytes.readDoubleLE(this.#take(8));
      default:
        return this.#malformed();
    }
  }

  #string(size: number): string | Uint8Array {
    const at = this.#take(size);
    const bytes = this.#bytes.subarray(at, at + size);
    try {
      return utf8.decode(bytes);
    } catch {
      return new Uint8Array(bytes);
    }
  }

  #table(cookie: number, depth: number): unknown {
    let length = cookie;
    if (cookie === MAX_COOKIE - 1) {
      const head = this.#bytes[this.#take(1)] as number;
      if ((head & 7) !== TYPE.NUMBER || head >> 3 === NUMBER.REAL) this.#malformed();
      length = Number(this.#number(head >> 3));
      if (length < 0) this.#malformed();
    }
    // Every element takes a byte at least: a length beyond that is a lie, and nothing is set aside for it.
    if (length > this.#bytes.length - this.#at) this.#malformed();
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.value(depth + 1));
    const pairs: [unknown, unknown][] = [];
    let textKeys = true;
    while (this.#bytes[this.#at] !== 0) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string') textKeys = false;
      pairs.push([key, this.value(depth + 1)]);
    }
    this.#take(1);
    if (pairs.length === 0) return list;
    if (list.length === 0 && textKeys) return Object.fromEntries(pairs);
    return new Map<unknown, unknown>([...list.map((part, i): [unknown, unknown] => [i + 1, part]), ...pairs]);
  }
}

/** The values of lua-seri bytes. @throws ERR_SERI_MALFORMED. */
export function unpackSeri(bytes: Uint8Array): unknown[] {
  const reader = new Reader(bytes);
  const values: unknown[] = [];
  while (!reader.atEnd) values.push(reader.value(0));
  return values;
}
