import { isPlain, LinkDecoder, LinkEncoder, MAX_DEPTH, Region, refusal } from '@skynet/core/kernel';
import { addExtension, Decoder, Encoder } from 'cbor-x';
import { meshError } from './errors.ts';

// Values between nodes of a mesh, in one of two ways.
//
// By shape, as between threads: the keys of an object cross once for a link and are a number after that. Such bodies belong to
// the link and are decoded in the order of encoding. Those that are large, which others pass on the way, and all of them if
// the other side does not know shapes, are complete in themselves: CBOR by cbor-x, one array of values.
//
// What CBOR, or cbor-x, would change is put into a tag of ours: -0, text that is no Unicode, and objects with keys that
// cbor-x keeps for itself or with so many that they are tables rather than records.

/** The feature that says that a node reads values by shape, see {@link Link.features}. */
export const SHAPES = 'shapes';

/** Tag of what is marked {@link Odd}. */
const ODD_TAG = 0xa15c;
const NEGATIVE_ZERO = 0;
const UTF16 = 1;
const OBJECT = 2;

/** Objects with more keys are tables. */
const MAX_RECORD_KEYS = 64;
/** Memory of the writer that is kept. */
const KEPT_BYTES = 1 << 16;
/** Memory for a body by shape, at first. */
const FIRST_BYTES = 1 << 12;

/** A value that needs the tag. */
class Odd {
  readonly kind: number;
  readonly content: unknown;

  constructor(kind: number, content: unknown) {
    this.kind = kind;
    this.content = content;
  }
}

addExtension({
  Class: Odd,
  tag: ODD_TAG,
  encode: (odd: Odd, encode: (value: unknown) => Uint8Array) => encode([odd.kind, odd.content]),
  decode: (data: unknown) => fromOdd(data),
});

function fromOdd(data: unknown): unknown {
  const [kind, content] = Array.isArray(data) ? data : [];
  if (kind === NEGATIVE_ZERO) return -0;
  if (kind === UTF16 && content instanceof Uint8Array)
    return Buffer.from(content.buffer, content.byteOffset, content.length).toString('utf16le');
  if (kind === OBJECT && Array.isArray(content)) {
    const result: Record<string, unknown> = {};
    for (let i = 0; i + 1 < content.length; i += 2) {
      const key: unknown = content[i];
      if (typeof key !== 'string') throw malformed();
      if (key === '__proto__') setKey(result, key, content[i + 1]);
      else result[key] = content[i + 1];
    }
    return result;
  }
  throw malformed();
}

function setKey(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function malformed(): Error {
  return new Error('not a value of ours');
}

// --- looking at what is to be sent

/** Thrown inside a value that has to be refused. */
const REFUSED = new Error('refused');
/** Whether something odd was seen. */
let isOdd = false;

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function survey(value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      if (!isWellFormed(value)) isOdd = true;
      return;
    case 'number':
      if (value === 0 && Object.is(value, -0)) isOdd = true;
      return;
    case 'object':
      break;
    case 'function':
    case 'symbol':
      throw REFUSED;
    default:
      return;
  }
  if (value === null || value instanceof Uint8Array) return;
  if (depth === MAX_DEPTH) throw REFUSED;
  if (isPlain(value)) {
    let keys = 0;
    for (const key in value) {
      keys++;
      if (isOddKey(key)) isOdd = true;
      survey(value[key], depth + 1);
    }
    if (keys > MAX_RECORD_KEYS) isOdd = true;
  } else if (Array.isArray(value)) {
    if (value.constructor !== Array) isOdd = true;
    for (let i = 0; i < value.length; i++) survey(value[i], depth + 1);
  } else if (value instanceof Map) {
    if (value.constructor !== Map) isOdd = true;
    for (const [key, item] of value) {
      survey(key, depth + 1);
      survey(item, depth + 1);
    }
  } else throw REFUSED;
}

/** Keys that cbor-x renames, or uses in its own tables. */
function isOddKey(key: string): boolean {
  return (key.charCodeAt(0) === 0x5f && (key === '__proto__' || key === '__keys__')) || !isWellFormed(key);
}

/** A copy in which everything odd is marked. */
function marked(value: unknown): unknown {
  if (typeof value === 'string')
    return isWellFormed(value) ? value : new Odd(UTF16, Buffer.from(value, 'utf16le'));
  if (typeof value === 'number') return Object.is(value, -0) ? new Odd(NEGATIVE_ZERO, null) : value;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return Array.from(value, marked);
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [marked(key), marked(item)]));
  const entries = Object.entries(value);
  if (entries.length > MAX_RECORD_KEYS || entries.some(([key]) => isOddKey(key)))
    return new Odd(
      OBJECT,
      entries.flatMap(([key, item]) => [marked(key), marked(item)]),
    );
  return Object.fromEntries(entries.map(([key, item]) => [key, marked(item)]));
}

// --- the codec

/** For bodies that are complete in themselves. */
const alone = new Encoder({ useRecords: true, useToJSON: false }) as Encoder & {
  useBuffer(memory: Uint8Array): void;
};
const aloneDecoder = new Decoder({ useRecords: true, mapsAsObjects: false, copyBuffers: true });

/** A body in bytes, and how it was made. */
export interface EncodedBody {
  /** Valid until something else is encoded. */
  readonly bytes: Uint8Array;
  /** Whether it is complete in itself. */
  readonly isAlone: boolean;
}

/** Encodes the bodies of one link. */
export class BodyEncoder {
  readonly #shapes: LinkEncoder | undefined;
  #memory = new Region(new ArrayBuffer(FIRST_BYTES));
  #resets = 0;

  /** `hasShapes`: the other side reads values by shape. */
  constructor(hasShapes: boolean) {
    this.#shapes = hasShapes ? new LinkEncoder() : undefined;
  }

  /**
   * The values in bytes. Those of more than about `large` bytes become complete in themselves.
   * @throws ERR_UNSERIALIZABLE; that leaves no trace.
   */
  encode(values: readonly unknown[], large: number): EncodedBody {
    const size = this.#shapes === undefined ? -1 : this.#encodeByShape(this.#shapes, values, large);
    return size < 0
      ? { bytes: encodeAlone(values), isAlone: true }
      : { bytes: this.#memory.bytes.subarray(0, size), isAlone: false };
  }

  /** Bytes that it takes in {@link #memory}, -1 if it is large. */
  #encodeByShape(encoder: LinkEncoder, values: readonly unknown[], large: number): number {
    for (;;) {
      const room = this.#memory.size;
      const size = encoder.encode(values, this.#memory, 0, Math.min(room, large));
      if (encoder.resets !== this.#resets) {
        // Nobody takes over a link between nodes: the tables before are of no use.
        this.#resets = encoder.resets;
        encoder.forgetOldest();
      }
      if (size >= 0 || room >= large) return size;
      this.#memory = new Region(new ArrayBuffer(Math.min(room * 4, large)));
    }
  }

  /** What was encoded last is not sent: shapes that it has defined are defined again. */
  forget(): void {
    this.#shapes?.beginAnew();
  }
}

/** @throws ERR_UNSERIALIZABLE. */
function encodeAlone(values: readonly unknown[]): Uint8Array {
  isOdd = false;
  try {
    for (let i = 0; i < values.length; i++) survey(values[i], 0);
  } catch (thrown) {
    throw thrown === REFUSED || thrown instanceof RangeError
      ? refusal(values, { maxDepth: MAX_DEPTH + 1 })
      : thrown;
  }
  const bytes = alone.encode(isOdd ? values.map(marked) : values);
  // The writer's memory has grown to what it once needed.
  if (bytes.buffer.byteLength > KEPT_BYTES) alone.useBuffer(Buffer.allocUnsafeSlow(KEPT_BYTES));
  return bytes;
}

/** Where bodies lie while they are read by shape: it counts bytes from the beginning of one. */
let reading = new Region(new ArrayBuffer(FIRST_BYTES));

/** Decodes the bodies of one link. */
export class BodyDecoder {
  readonly #shapes = new LinkDecoder();

  /** @throws ERR_LINK_PROTOCOL for bytes that are no body; the link is of no use then. */
  decode(bytes: Uint8Array, isAlone: boolean): unknown[] {
    try {
      return isAlone ? readAlone(bytes) : this.#readByShape(bytes);
    } catch (error) {
      throw meshError('ERR_LINK_PROTOCOL', 'a body that cannot be read', { cause: error });
    }
  }

  #readByShape(bytes: Uint8Array): unknown[] {
    const { length } = bytes;
    if (length > reading.size) reading = new Region(new ArrayBuffer(length));
    reading.bytes.set(bytes);
    return this.#shapes.decode(reading, 0, length);
  }
}

function readAlone(bytes: Uint8Array): unknown[] {
  // Bytes in it become what it is itself: a Buffer, unless they are marked.
  const values: unknown = aloneDecoder.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  if (!Array.isArray(values)) throw new Error('no list of values');
  return values;
}
