// The form of shared data in memory: a tree that can be read from any place in it, without reading the rest.
//
// Everything stands in cells of eight bytes. A value is one cell: a number is itself, all else is a NaN whose high word
// says what it is and whose low word says which one:
//
//      [low word: payload] [high word: TAGGED | tag]
//
//      cell 0      [cells in all] [number of strings]
//      cell 1      the value of the whole
//      cell 2      [cell of the string table] [cell of the shape table]
//      cell 3 …    containers, strings, tables
//
//      ARRAY       [length] [0]            value …
//      OBJECT      [shape] [keys]          value …, in the order of the shape's keys
//      MAP, DICT   [entries] [slots]       key, value, key, value … in order, then slots: [hash] [entry + 1, 0 free]
//      BYTES       [length] [1: a Buffer]  bytes
//
//      string table    for each string [first cell × 2, + 1 if two bytes a unit] [units]
//      shape table     for each shape [first cell] [keys], there [string] two a cell
//
// An object with many keys is a DICT: its keys are found by their hash, and no thread builds an index of its own.

export const TAGGED = 0xfff8_0000;

export const TAG = {
  /** A NaN that is one. */
  NAN: 0,
  NULL: 1,
  UNDEFINED: 2,
  FALSE: 3,
  TRUE: 4,
  STRING: 5,
  /** Its decimal text. */
  BIGINT: 6,
  BYTES: 7,
  ARRAY: 8,
  OBJECT: 9,
  DICT: 10,
  MAP: 11,
} as const;
export type Tag = (typeof TAG)[keyof typeof TAG];

/** Cell of the value of the whole. */
export const ROOT = 1;
/** Cells in front of the containers. */
export const HEADER = 3;
/** Objects with more keys are dictionaries. */
export const MAX_SHAPE_KEYS = 64;
/** Cells at most: 4 GiB. */
export const MAX_CELLS: number = 2 ** 29;

/** Which of the two words of a cell is the high one. */
export const HIGH: 0 | 1 = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;
export const LOW: 0 | 1 = HIGH === 1 ? 0 : 1;

/** FNV-1a over the units of a text. */
function hashText(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return hash >>> 0;
}

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);

/** Hash of a key of a map; undefined for what can be none. */
export function hashKey(key: unknown): number | undefined {
  switch (typeof key) {
    case 'string':
      return hashText(key);
    case 'number':
      // -0 and 0 are one key, as in a Map.
      number[0] = key === 0 ? 0 : key;
      return Math.imul((words[0] as number) ^ ((words[1] as number) * 31), 0x9e37_79b1) >>> 0;
    case 'bigint':
      return (hashText(key.toString()) ^ 1) >>> 0;
    case 'boolean':
      return key ? 2 : 3;
    default:
      return undefined;
  }
}
