import { SkynetError } from '../errors.ts';
import type { Region } from './region.ts';
import { type Shape, ShapeTable, type ValueSource } from './shape-reader.ts';
import { MAX_KEY, MAX_SHAPE_KEYS, ShapeNode } from './shape-tree.ts';
import { MAX_CACHED_TEXT, TextCache } from './text-cache.ts';
import { isPlain, MAX_DEPTH, REFUSED, refusal, refuse, setProtoKey } from './value.ts';

// The codec between two threads, and between two nodes of ours. Encoder and decoder share a table of shapes (the keys of an object, in order): keys
// cross once, after that an object is a shape number and its values.
//
// So a pair of them belongs to one ordered link: every message encoded is decoded once, in the order of encoding, also
// one whose receiver is gone. A message that did not fit or was refused leaves no trace.
//
// A message:  [RESET]  count of values (varint)  value ...
// A value is a tag and what follows it; a varint has 7 bits a byte, low ones first:
//
//   00-7f               integer 0..127
//   80-bf               ASCII text of 0..63 bytes
//   c0 + shape number   object of a known shape, its values in the order of the keys
//   others              see TAG

const TAG = {
  SMALL_TEXT: 0x80,
  OBJECT: 0xc0,
  /** Number of keys, keys, values; the shape gets the next number. */
  OBJECT_DEFINE: 0xc1,
  /** Number of keys, then key, value, key, value. */
  OBJECT_INLINE: 0xc2,
  ARRAY: 0xc3,
  MAP: 0xc4,
  NULL: 0xc5,
  UNDEFINED: 0xc6,
  FALSE: 0xc7,
  TRUE: 0xc8,
  INT16: 0xc9,
  INT32: 0xca,
  DOUBLE: 0xcb,
  BIGINT64: 0xcc,
  /** Hexadecimal text with sign. */
  BIGINT: 0xcd,
  ASCII: 0xce,
  /** UTF-16 rather than UTF-8: copied instead of converted, and lone surrogates have a place in it. */
  UTF16: 0xcf,
  BYTES: 0xd0,
  BUFFER: 0xd1,
  /** Both tables begin anew; only in front of a message. */
  RESET: 0xd2,
} as const;

/** ASCII text up to this length has its length in the tag and is copied by a loop; for more the host's call is cheaper. */
const MAX_SMALL_TEXT = 63;
/** Units looked at before long text is taken to be ASCII, until it proves not to be. */
const SAMPLE = 16;
/** Other text up to this length is written by a loop. */
const MAX_LOOP_WIDE = 16;
/** Nodes of the shape tree after which it is thrown away and grown again. */
const MAX_NODES = 8192;
/** Shapes at most. */
const MAX_SHAPES = 4096;
/** Bytes from this length on begin at a multiple of eight. */
const MIN_ALIGNED = 32;
/** Tag and eight bytes: what every value may use without asking. */
const MARGIN = 10;

/** Thrown inside the encoder when the region is full. */
const FULL = new Error('full');
FULL.stack = '';

class LinkNode extends ShapeNode<LinkNode> {
  /** Number of the shape that ends here, -1 before it has one. */
  id = -1;
  /** A shape is given a number when it comes for the second time, so that dictionaries with keys of their own do not fill the table. */
  seen = false;
}

/** Encodes the messages of one link; see the head of the file for what it shares with its {@link LinkDecoder}. */
export class LinkEncoder {
  #bytes: Uint8Array = new Uint8Array(0);
  #region!: Region;
  #pos = 0;
  #end = 0;
  #root = new LinkNode();
  #nodes = 0;
  #shapes = 0;
  /** Their keys, by number. */
  #keys: string[][] = [];
  /** The tables before each new beginning, oldest first, until they are forgotten. */
  #older: string[][][] = [];
  /** Messages so far with which the tables began anew. */
  resets = 0;
  /** Shapes given a number in this message. */
  #defined: LinkNode[] = [];
  /** The tree was thrown away and the decoder does not know yet. */
  #reset = false;
  #busy = false;

  /**
   * Writes the values into `region` from `start`, at most up to `end`.
   * @returns where the message ends, or -1 if it may not fit (it wants ten bytes more than it fills); nothing is
   *   kept of it then, and the same values can be tried again with more room.
   * @throws ERR_UNSERIALIZABLE; paths begin with the position, `$[1].pos`.
   */
  encode(values: readonly unknown[], region: Region, start: number, end: number): number {
    if (this.#busy) throw refuse('$', 'sends a message while it is read');
    this.#busy = true;
    this.#region = region;
    this.#bytes = region.bytes;
    this.#pos = start;
    this.#end = end - MARGIN;
    const shapes = this.#shapes;
    try {
      this.#begin();
      this.#varint(values.length);
      for (let i = 0; i < values.length; i++) this.#value(values[i], 0);
      if (this.#reset) {
        this.#reset = false;
        this.resets++;
      }
      if (this.#defined.length !== 0) this.#defined.length = 0;
      return this.#pos;
    } catch (thrown) {
      for (const node of this.#defined) node.id = -1;
      this.#defined.length = 0;
      this.#shapes = this.#reset ? 0 : shapes;
      this.#keys.length = this.#shapes;
      if (thrown === FULL) return -1;
      throw thrown === REFUSED ? refusal(values, { maxDepth: MAX_DEPTH + 1 }) : thrown;
    } finally {
      this.#busy = false;
    }
  }

  /** The keys of the shapes, by number, as they were before the tables began anew for the first time not forgotten. */
  get oldestShapes(): readonly (readonly string[])[] {
    return this.#older[0] ?? this.#keys;
  }

  /** Forgets the table before the oldest new beginning: its message and those before it have been read. */
  forgetOldest(): void {
    this.#older.shift();
  }

  /** The message that was encoded last does not go: the tables begin anew with the next. */
  beginAnew(): void {
    this.#keys = [];
    this.#root = new LinkNode();
    this.#nodes = 0;
    this.#shapes = 0;
    this.#reset = true;
  }

  #begin(): void {
    if (this.#nodes > MAX_NODES) {
      this.#older.push(this.#keys);
      this.beginAnew();
    }
    if (this.#pos > this.#end) throw FULL;
    if (this.#reset) this.#bytes[this.#pos++] = TAG.RESET;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#pos++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#pos++] = rest;
  }

  #value(value: unknown, depth: number): void {
    const pos = this.#pos;
    if (pos > this.#end) throw FULL;
    if (typeof value === 'number') {
      this.#number(value);
    } else if (typeof value === 'string') {
      this.#string(value);
    } else if (typeof value === 'object' && value !== null) {
      if (depth === MAX_DEPTH && !(value instanceof Uint8Array)) throw REFUSED;
      if (Array.isArray(value)) {
        const length = value.length;
        this.#bytes[this.#pos++] = TAG.ARRAY;
        this.#varint(length);
        for (let i = 0; i < length; i++) this.#value(value[i], depth + 1);
      } else if (isPlain(value)) this.#object(value, depth + 1);
      else this.#other(value, depth + 1);
    } else {
      switch (value) {
        case null:
          this.#bytes[pos] = TAG.NULL;
          break;
        case undefined:
          this.#bytes[pos] = TAG.UNDEFINED;
          break;
        case true:
          this.#bytes[pos] = TAG.TRUE;
          break;
        case false:
          this.#bytes[pos] = TAG.FALSE;
          break;
        default:
          if (typeof value !== 'bigint') throw REFUSED;
          this.#bigint(value);
          return;
      }
      this.#pos = pos + 1;
    }
  }

  #number(value: number): void {
    const pos = this.#pos;
    const int = value | 0;
    if (int !== value || (int === 0 && Object.is(value, -0))) {
      this.#bytes[pos] = TAG.DOUBLE;
      this.#region.view.setFloat64(pos + 1, value, true);
      this.#pos = pos + 9;
    } else if (int >= 0 && int < 0x80) {
      this.#bytes[pos] = int;
      this.#pos = pos + 1;
    } else if (int >= -0x8000 && int < 0x8000) {
      this.#bytes[pos] = TAG.INT16;
      this.#bytes[pos + 1] = int;
      this.#bytes[pos + 2] = int >> 8;
      this.#pos = pos + 3;
    } else {
      this.#bytes[pos] = TAG.INT32;
      this.#region.view.setInt32(pos + 1, int, true);
      this.#pos = pos + 5;
    }
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.#bytes[this.#pos] = TAG.BIGINT64;
      this.#region.view.setBigInt64(this.#pos + 1, value, true);
      this.#pos += 9;
    } else {
      this.#bytes[this.#pos++] = TAG.BIGINT;
      this.#string(value.toString(16));
    }
  }

  #string(value: string): void {
    const length = value.length;
    if (length > MAX_SMALL_TEXT) {
      this.#longText(value);
      return;
    }
    const bytes = this.#bytes;
    let pos = this.#pos;
    if (pos + length > this.#end) throw FULL;
    bytes[pos++] = TAG.SMALL_TEXT | length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        this.#wideText(value);
        return;
      }
      bytes[pos++] = code;
    }
    this.#pos = pos;
  }

  #longText(value: string): void {
    for (let i = 0; i < SAMPLE; i++) {
      if (value.charCodeAt(i) > 0x7f) {
        this.#wideText(value);
        return;
      }
    }
    const pos = this.#pos;
    // Whatever is not ASCII takes more bytes than it has units; four more than that cannot be cut down to as many.
    const room = value.length + 4;
    if (pos + room > this.#end) throw FULL;
    if (this.#region.text.write(value, pos + 5, room, 'utf8') !== value.length) {
      this.#wideText(value);
      return;
    }
    this.#bytes[pos] = TAG.ASCII;
    this.#region.view.setUint32(pos + 1, value.length, true);
    this.#pos = pos + 5 + value.length;
  }

  #wideText(value: string): void {
    const size = value.length * 2;
    const pos = this.#pos;
    if (pos + size > this.#end) throw FULL;
    this.#bytes[pos] = TAG.UTF16;
    this.#region.view.setUint32(pos + 1, size, true);
    if (value.length <= MAX_LOOP_WIDE) {
      for (let i = 0, at = pos + 5; i < value.length; i++, at += 2) {
        this.#region.view.setUint16(at, value.charCodeAt(i), true);
      }
    } else {
      this.#region.text.write(value, pos + 5, size, 'utf16le');
    }
    this.#pos = pos + 5 + size;
  }

  /** Two rounds over the keys: the first finds the shape, the second writes the values. */
  #object(value: Record<string, unknown>, depth: number): void {
    let node: LinkNode | undefined = this.#root;
    let count = 0;
    for (const key in value) {
      node = node.lastKey === key && node.lastNode !== undefined ? node.lastNode : this.#step(node, key);
      if (node === undefined || ++count > MAX_SHAPE_KEYS) {
        this.#inline(value, depth);
        return;
      }
    }
    if (node.id >= 0) {
      this.#bytes[this.#pos++] = TAG.OBJECT;
      this.#varint(node.id);
    } else if (node.seen && this.#shapes < MAX_SHAPES) {
      this.#define(value, node, count);
    } else {
      node.seen = true;
      this.#inline(value, depth);
      return;
    }
    for (const key in value) {
      this.#value(value[key], depth);
      count--;
    }
    if (count !== 0) throw REFUSED; // a getter changed the object between the rounds
  }

  /** The node below `node` for one more key, undefined if the tree does not take it. */
  #step(node: LinkNode, key: string): LinkNode | undefined {
    const known = node.find(key);
    if (known !== undefined) return known;
    if (this.#nodes >= 2 * MAX_NODES || key.length > MAX_KEY) return undefined;
    this.#nodes++;
    const next = new LinkNode();
    node.add(key, next);
    return next;
  }

  #define(value: object, node: LinkNode, count: number): void {
    this.#bytes[this.#pos++] = TAG.OBJECT_DEFINE;
    this.#varint(count);
    const keys: string[] = [];
    for (const key in value) {
      this.#key(key);
      keys.push(key);
    }
    node.id = this.#shapes++;
    this.#keys.push(keys);
    this.#defined.push(node);
  }

  #inline(value: Record<string, unknown>, depth: number): void {
    let count = 0;
    for (const _ in value) count++;
    this.#bytes[this.#pos++] = TAG.OBJECT_INLINE;
    this.#varint(count);
    for (const key in value) {
      this.#key(key);
      this.#value(value[key], depth);
      count--;
    }
    if (count !== 0) throw REFUSED;
  }

  #key(key: string): void {
    if (this.#pos > this.#end) throw FULL;
    this.#string(key);
  }

  #other(value: object, depth: number): void {
    if (value instanceof Uint8Array) {
      const size = value.length;
      const pos = this.#pos;
      const at = placeOfBytes(pos + 5, size);
      if (at + size > this.#end) throw FULL;
      this.#bytes[pos] = Buffer.isBuffer(value) ? TAG.BUFFER : TAG.BYTES;
      this.#region.view.setUint32(pos + 1, size, true);
      this.#bytes.set(value, at);
      this.#pos = at + size;
    } else if (value instanceof Map) {
      let count = value.size;
      this.#bytes[this.#pos++] = TAG.MAP;
      this.#varint(count);
      for (const [key, item] of value) {
        this.#value(key, depth);
        this.#value(item, depth);
        count--;
      }
      if (count !== 0) throw REFUSED;
    } else throw REFUSED;
  }
}

/** Where bytes begin that could stand at `pos`. A copy from or to shared memory goes byte by byte unless it is aligned. */
function placeOfBytes(pos: number, size: number): number {
  return size < MIN_ALIGNED ? pos : (pos + 7) & ~7;
}

/** Decodes the messages of one link. */
export class LinkDecoder implements ValueSource {
  #bytes: Uint8Array = new Uint8Array(0);
  #region!: Region;
  #pos = 0;
  #end = 0;
  #shapes = new ShapeTable();
  readonly #texts = new TextCache();

  /** `shapes` are those that the encoder has defined already, see {@link LinkEncoder.oldestShapes}. */
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
