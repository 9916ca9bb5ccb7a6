import { isUtf8 } from 'node:buffer';
import { SkynetError } from '../errors.ts';
import {
  BOOLEAN,
  BYTE,
  DWORD,
  LONG_STRING,
  LuaFloat,
  MAX_SHORT_STRING,
  MAX_SHORT_TABLE,
  MAX_TABLES,
  NIL,
  NUMBER,
  QWORD,
  REAL,
  SHORT_STRING,
  TABLE,
  WORD,
} from './seri-format.ts';
import { firstShape, type SeriShape, seriShapes } from './seri-shapes.ts';
import { MAX_CACHED_TEXT, TextCache } from './text-cache.ts';
import { setProtoKey } from './value.ts';

/** How {@link unpackSeri} turns Lua values into ours. */
export interface UnpackOptions {
  /** `text`, the default: UTF-8 strings become text, others a Buffer. `bytes`: every string becomes a Buffer, but the keys of tables. */
  strings?: 'text' | 'bytes';
  /** `number`, the default. `exact`: a float without fraction becomes a {@link LuaFloat}, so that packing it again gives the same bytes. */
  floats?: 'number' | 'exact';
}

const texts = new TextCache();
/** The bytes of a float, to be read as one. */
const floatBytes = new Uint8Array(8);
const floatView = new DataView(floatBytes.buffer);
const NO_BYTES = new Uint8Array(0);
/** Places for values of tables that are kept from one message to the next. */
const KEPT_VALUES = 1024;

/** Reads packed values. One is enough for a thread: nothing of the reader's is called while it reads. */
export class SeriReader {
  #bytes: Uint8Array = NO_BYTES;
  #allBytes = false;
  #exact = false;
  end = 0;
  pos = 0;
  /** Values of tables with keys that are being read, up to the top. Never made shorter: that takes longer than reading them. */
  readonly #values: unknown[] = [];
  #top = 0;
  /** Places that are not empty. */
  #used = 0;

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
    const values = this.#values;
    if (this.#used > KEPT_VALUES) values.length = 0;
    else for (let i = 0; i < this.#used; i++) values[i] = undefined;
    this.#used = 0;
    this.#top = 0;
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
    const list = this.#list(length, depth);
    if (this.#atNil()) return list;
    return this.#map(new Map(list.map((part, i): [unknown, unknown] => [i + 1, part])), depth);
  }

  /** Short ones as literals: those have room for what they hold, one that is pushed to for seventeen. */
  #list(length: number, depth: number): unknown[] {
    switch (length) {
      case 1:
        return [this.value(depth)];
      case 2:
        return [this.value(depth), this.value(depth)];
      case 3:
        return [this.value(depth), this.value(depth), this.value(depth)];
    }
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.value(depth));
    return list;
  }

  /** A table without an array part: an object as long as its keys are text. */
  #object(depth: number): unknown {
    const values = this.#values;
    const from = this.#top;
    let shape = seriShapes();
    let expected = this.end - this.pos > 1 ? firstShape(this.#bytes, this.pos) : undefined;
    do {
      const known = this.#knownKey(expected);
      let next = known;
      let key: unknown;
      if (known === undefined) {
        const at = this.pos;
        key = this.#key(depth);
        if (typeof key === 'string' && this.pos - at <= MAX_SHORT_STRING + 1)
          next = shape.by(key, this.#bytes, at, this.pos);
      }
      const value = next === undefined ? undefined : this.value(depth);
      if (next === undefined || value === undefined) {
        this.#top = from;
        const object = shape.object(values, from);
        // What no table holds is no pair.
        return next === undefined ? this.#dictionary(object, key, depth) : this.#rest(object, depth);
      }
      values[this.#top++] = value;
      if (this.#top > this.#used) this.#used = this.#top;
      shape = next;
      expected = next.next;
    } while (!this.#atNil());
    this.#top = from;
    return shape.object(values, from);
  }

  /** Passes over the key that leads where it is expected to lead, if it comes. */
  #knownKey(expected: SeriShape | undefined): SeriShape | undefined {
    if (expected === undefined) return undefined;
    const key = expected.bytes;
    const bytes = this.#bytes;
    const { pos } = this;
    const { length } = key;
    if (length > this.end - pos) return undefined;
    for (let i = 0; i < length; i++) if (bytes[pos + i] !== key[i]) return undefined;
    this.pos = pos + length;
    return expected;
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
