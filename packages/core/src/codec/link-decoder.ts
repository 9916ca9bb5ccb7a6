import { SkynetError } from '../errors.ts';
import { MAX_SHAPES, placeOfBytes, TAG } from './link-format.ts';
import type { Region } from './region.ts';
import { type Shape, ShapeTable, type ValueSource } from './shape-reader.ts';
import { MAX_CACHED_TEXT, TextCache } from './text-cache.ts';
import { setProtoKey } from './value.ts';

/** Decodes the messages of one link; `link-format.ts` says what it shares with its encoder. */
export class LinkDecoder implements ValueSource {
  #bytes: Uint8Array = new Uint8Array(0);
  #region!: Region;
  #pos = 0;
  #end = 0;
  #shapes = new ShapeTable();
  readonly #texts = new TextCache();

  /** `shapes` are those that the encoder has defined already, see `oldestShapes` there. */
  constructor(shapes: readonly (readonly string[])[] = []) {
    for (const keys of shapes) this.#shapes.add(keys);
  }

  /**
   * The values of the message that stands at `start` and ends at `end`; `start` modulo 8 is what it was for the encoder.
   * @throws ERR_SERI_MALFORMED if no encoder wrote that; the link is of no use then.
   */
  decode(region: Region, start: number, end: number): unknown[] {
    this.#region = region;
    this.#bytes = region.bytes;
    this.#pos = start;
    this.#end = end;
    if (this.#bytes[start] === TAG.RESET) {
      this.#shapes = new ShapeTable();
      this.#pos++;
    }
    const values = this.#list();
    if (this.#pos !== end) throw this.#malformed();
    return values;
  }

  #malformed(): SkynetError {
    return new SkynetError('ERR_SERI_MALFORMED', 'malformed message of a link', {
      details: { offset: this.#pos },
    });
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.#pos >= this.#end) throw this.#malformed();
      const byte = this.#bytes[this.#pos++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** The value that comes next; for the shapes. */
  value(): unknown {
    const pos = this.#pos;
    if (pos >= this.#end) throw this.#malformed();
    const tag = this.#bytes[pos] as number;
    this.#pos = pos + 1;
    if (tag < 0x80) return tag;
    if (tag < 0xc0) return this.#ascii(tag & 0x3f);
    switch (tag) {
      case TAG.OBJECT:
        return this.#object(this.#shapes.at(this.#varint()));
      case TAG.OBJECT_DEFINE:
        return this.#define().read(this);
      case TAG.OBJECT_INLINE:
        return this.#inline();
      case TAG.ARRAY:
        return this.#list();
      case TAG.MAP:
        return this.#map();
      case TAG.NULL:
        return null;
      case TAG.UNDEFINED:
        return undefined;
      case TAG.FALSE:
        return false;
      case TAG.TRUE:
        return true;
      case TAG.INT16:
        this.#take(2);
        return this.#region.view.getInt16(pos + 1, true);
      case TAG.INT32:
        this.#take(4);
        return this.#region.view.getInt32(pos + 1, true);
      case TAG.DOUBLE:
        this.#take(8);
        return this.#region.view.getFloat64(pos + 1, true);
      case TAG.BIGINT64:
        this.#take(8);
        return this.#region.view.getBigInt64(pos + 1, true);
      case TAG.BIGINT: {
        const text = this.#key();
        if (!/^-?[0-9a-f]+$/.test(text)) throw this.#malformed();
        return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
      }
      default:
        return this.#long(tag);
    }
  }

  /** Short lists as literals: those have room for what they hold, one that is pushed to for seventeen. */
  #list(): unknown[] {
    const length = this.#varint();
    switch (length) {
      case 0:
        return [];
      case 1:
        return [this.value()];
      case 2:
        return [this.value(), this.value()];
      case 3:
        return [this.value(), this.value(), this.value()];
    }
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(this.value());
    return list;
  }

  /** A value that has to be text. */
  #key(): string {
    const key = this.value();
    if (typeof key !== 'string') throw this.#malformed();
    return key;
  }

  /** The position of `size` bytes, which are passed over. */
  #take(size: number): number {
    const pos = this.#pos;
    if (pos + size > this.#end) throw this.#malformed();
    this.#pos = pos + size;
    return pos;
  }

  #ascii(length: number): string {
    const at = this.#take(length);
    const { text } = this.#region;
    return length <= MAX_CACHED_TEXT
      ? this.#texts.get(text, at, length)
      : text.toString('latin1', at, at + length);
  }

  #long(tag: number): unknown {
    const size = this.#region.view.getUint32(this.#take(4), true);
    if (tag === TAG.BYTES || tag === TAG.BUFFER) this.#pos = placeOfBytes(this.#pos, size);
    const at = this.#take(size);
    const { text } = this.#region;
    switch (tag) {
      case TAG.ASCII:
        return text.toString('latin1', at, at + size);
      case TAG.UTF16:
        return text.toString('utf16le', at, at + size);
      case TAG.BYTES:
        return new Uint8Array(this.#bytes.subarray(at, at + size));
      case TAG.BUFFER:
        return Buffer.from(this.#bytes.subarray(at, at + size));
      default:
        throw this.#malformed();
    }
  }

  #define(): Shape {
    const keys: string[] = [];
    for (let left = this.#varint(); left > 0; left--) keys.push(this.#key());
    if (this.#shapes.size >= MAX_SHAPES) throw this.#malformed();
    return this.#shapes.add(keys);
  }

  #object(shape: Shape | undefined): unknown {
    if (shape === undefined) throw this.#malformed();
    return shape.read(this);
  }

  #inline(): unknown {
    const result: Record<string, unknown> = {};
    for (let left = this.#varint(); left > 0; left--) {
      const key = this.#key();
      const value = this.value();
      if (key === '__proto__') setProtoKey(result, value);
      else result[key] = value;
    }
    return result;
  }

  #map(): unknown {
    const result = new Map<unknown, unknown>();
    for (let left = this.#varint(); left > 0; left--) result.set(this.value(), this.value());
    return result;
  }
}
