// The codec between two threads, and between two nodes of ours. Encoder and decoder share a table of shapes (the keys of
// an object, in order): keys cross once, after that an object is a shape number and its values.
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

/** What a value begins with. */
export const TAG = {
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

/** Shapes at most. */
export const MAX_SHAPES = 4096;
/** Bytes from this length on begin at a multiple of eight. */
const MIN_ALIGNED = 32;

/** Where bytes begin that could stand at `pos`. A copy from or to shared memory goes byte by byte unless it is aligned. */
export function placeOfBytes(pos: number, size: number): number {
  return size < MIN_ALIGNED ? pos : (pos + 7) & ~7;
}
