import { isPlain, MAX_DEPTH, refusal } from '@skynet/core/kernel';
import { addExtension, Decoder, Encoder } from 'cbor-x';
import { meshError } from './errors.ts';

// Values between nodes of a mesh: CBOR by cbor-x, one array of values for each message. The keys of an object cross once for a
// link and are a number after that ("records"), so such bodies belong to the link and are decoded in the order of encoding.
// Others are complete in themselves: large ones, which others pass on the way, and all of them if the other side does not
// know records.
//
// What CBOR, or cbor-x, would change is put into a tag of ours: -0, text that is no Unicode, and objects with keys that
// cbor-x keeps for itself or with so many that they are tables rather than records.

/** The feature that says that a node keeps records, see {@link Link.features}. */
export const RECORDS = 'cbor-records';

/** Tag of what is marked {@link Odd}. */
const ODD_TAG = 0xa15c;
const NEGATIVE_ZERO = 0;
const UTF16 = 1;
const OBJECT = 2;

/** Objects with more keys are tables. */
const MAX_RECORD_KEYS = 64;
/** Memory of the writer that is kept. */
const KEPT_BYTES = 1 << 16;

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
/** Whether something odd was seen, and about how many bytes the value takes at most. */
let isOdd = false;
let estimate = 0;

function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function survey(value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      estimate += 5 + value.length * 3;
      if (!isWellFormed(value)) isOdd = true;
      return;
    case 'number':
      estimate += 9;
      if (value === 0 && Object.is(value, -0)) isOdd = true;
      return;
    case 'object':
      break;
    case 'bigint':
      estimate += bigintSize(value);
      return;
    case 'function':
    case 'symbol':
      throw REFUSED;
    default:
      estimate += 1;
      return;
  }
  estimate += 9;
  if (value === null) return;
  if (value instanceof Uint8Array) {
    estimate += value.length;
    return;
  }
  if (depth === MAX_DEPTH) throw REFUSED;
  if (isPlain(value)) {
    let keys = 0;
    for (const key in value) {
      keys++;
      estimate += 5 + key.length * 3;
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

function bigintSize(value: bigint): number {
  return value >= -0x8000000000000000n && value <= 0xffffffffffffffffn ? 9 : 14 + value.toString(16).length;
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

const ENCODING = { useRecords: true, useToJSON: false } as const;
const DECODING = { useRecords: true, mapsAsObjects: false, copyBuffers: true } as const;

/** For bodies that are complete in themselves. */
const alone = new Encoder(ENCODING) as Encoder & { useBuffer(memory: Uint8Array): void };
const aloneDecoder = new Decoder(DECODING);

/** A body in bytes, and how it was made. */
export interface EncodedBody {
  readonly bytes: Uint8Array;
  /** Whether it is complete in itself. */
  readonly isAlone: boolean;
}

/** Encodes the bodies of one link. */
export class BodyEncoder {
  #records: Encoder | undefined;

  /** `hasRecords`: the other side keeps records. */
  constructor(hasRecords: boolean) {
    this.#records = hasRecords ? recordEncoder() : undefined;
  }

  /**
   * The values in bytes. Those of more than about `large` bytes become complete in themselves.
   * @throws ERR_UNSERIALIZABLE; that leaves no trace.
   */
  encode(values: readonly unknown[], large: number): EncodedBody {
    isOdd = false;
    estimate = 9;
    try {
      for (let i = 0; i < values.length; i++) survey(values[i], 0);
    } catch (thrown) {
      throw thrown === REFUSED || thrown instanceof RangeError
        ? refusal(values, { maxDepth: MAX_DEPTH + 1 })
        : thrown;
    }
    const ready = isOdd ? values.map(marked) : values;
    if (this.#records === undefined || estimate > large) return { bytes: encodeAlone(ready), isAlone: true };
    try {
      return { bytes: this.#records.encode(ready), isAlone: false };
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** What was encoded last is not sent: records that it has defined are defined again. */
  forget(): void {
    if (this.#records !== undefined) this.#records = recordEncoder();
  }
}

function recordEncoder(): Encoder {
  return new Encoder({ ...ENCODING, sequential: true, structures: [] });
}

function encodeAlone(values: unknown): Uint8Array {
  const bytes = alone.encode(values);
  // The writer's memory has grown to what it once needed.
  if (bytes.buffer.byteLength > KEPT_BYTES) alone.useBuffer(Buffer.allocUnsafeSlow(KEPT_BYTES));
  return bytes;
}

/** Decodes the bodies of one link. */
export class BodyDecoder {
  readonly #records = new Decoder({ ...DECODING, sequential: true, structures: [] });

  /** @throws ERR_LINK_PROTOCOL for bytes that are no body; the link is of no use then. */
  decode(bytes: Uint8Array, isAlone: boolean): unknown[] {
    let values: unknown;
    try {
      // Bytes in it become what it is itself: a Buffer, unless they are marked.
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      values = (isAlone ? aloneDecoder : this.#records).decode(buffer);
    } catch (error) {
      throw meshError('ERR_LINK_PROTOCOL', 'a body that cannot be read', { cause: error });
    }
    if (!Array.isArray(values)) throw meshError('ERR_LINK_PROTOCOL', 'a body that is no list of values');
    return values;
  }
}
