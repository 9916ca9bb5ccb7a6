import { MAX_SHAPES, placeOfBytes, TAG } from './link-format.ts';
import type { Region } from './region.ts';
import { MAX_KEY, MAX_SHAPE_KEYS, ShapeNode } from './shape-tree.ts';
import { isPlain, MAX_DEPTH, REFUSED, refusal, refuse } from './value.ts';

/** ASCII text up to this length has its length in the tag and is copied by a loop; for more the host's call is cheaper. */
const MAX_SMALL_TEXT = 63;
/** Units looked at before long text is taken to be ASCII, until it proves not to be. */
const SAMPLE = 16;
/** Other text up to this length is written by a loop. */
const MAX_LOOP_WIDE = 16;
/** Nodes of the shape tree after which it is thrown away and grown again. */
const MAX_NODES = 8192;
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

/** Encodes the messages of one link; `link-format.ts` says what it shares with its decoder. */
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
    if (!this.#reset) this.#older.push(this.#keys);
    this.#keys = [];
    this.#root = new LinkNode();
    this.#nodes = 0;
    this.#shapes = 0;
    this.#reset = true;
  }

  #begin(): void {
    if (this.#nodes > MAX_NODES) this.beginAnew();
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
