/*
 * FIPS 46-3 defines DES by permutations of single bits. Here they are turned, at first use, into tables that move many
 * bits at a time. Bits are counted as in the standard: from 1, the highest first.
 */

/** The eight S-boxes, row after row, a hex digit an entry. */
const BOXES: readonly string[] = [
  'e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d',
  'f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9',
  'a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c',
  '7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e',
  '2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453',
  'c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d',
  '4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c',
  'd2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b',
];

/** Which of the S-boxes' 32 bits come out where (P). */
const SPREAD = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22,
  11, 4, 25,
];

/**
 * Which of the key's 64 bits make the halves C and D (PC-1): the columns of the bytes from below, the first for C, the
 * last but one for D, and the fourth for both. The lowest bit of each byte is in neither.
 */
const KEY_HALVES = Array.from({ length: 56 }, (_, to) => {
  const row = 56 - 8 * ((to % 28) % 8);
  const column = (to % 28) >> 3;
  return to < 28 ? row + 1 + column : column < 3 ? row + 7 - column : row - 28;
});

/** Which of the 56 bits of C and D make the key of a round (PC-2): the first 24 from C, the others from D. */
const ROUND_KEY = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47,
  55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];

export interface DesTables {
  /** S-box and P in one: at box * 64 + the box's six input bits, its part of the round's result. */
  readonly boxes: Int32Array;
  /** At byte * 256 + value, what that byte of the key gives to C and to D, 28 bits each. */
  readonly toC: Int32Array;
  readonly toD: Int32Array;
  /**
   * At group * 128 + the group's seven bits (four groups of C, highest first, then four of D), what they give to the
   * round's key. Its eight sixes of bits lie in the upper part of the bytes of two words: those of the boxes 1 3 5 7,
   * and those of 2 4 6 8.
   */
  readonly toOdd: Int32Array;
  readonly toEven: Int32Array;
}

let built: DesTables | undefined;

export function desTables(): DesTables {
  built ??= build();
  return built;
}

function build(): DesTables {
  const tables = {
    boxes: new Int32Array(8 * 64),
    toC: new Int32Array(8 * 256),
    toD: new Int32Array(8 * 256),
    toOdd: new Int32Array(8 * 128),
    toEven: new Int32Array(8 * 128),
  };
  BOXES.forEach((box, number) => {
    for (let input = 0; input < 64; input++) {
      // The row is in the outer two of the six bits.
      const row = ((input >>> 4) & 2) | (input & 1);
      const output = Number.parseInt(box.charAt(row * 16 + ((input >>> 1) & 15)), 16) << (28 - number * 4);
      let spread = 0;
      SPREAD.forEach((from, to) => {
        spread |= ((output >>> (32 - from)) & 1) << (31 - to);
      });
      tables.boxes[number * 64 + input] = spread;
    }
  });
  KEY_HALVES.forEach((from, to) => {
    const half = to < 28 ? tables.toC : tables.toD;
    const byte = (from - 1) >>> 3;
    setWhere(half, byte * 256, 256, 0x80 >>> ((from - 1) & 7), 1 << (27 - (to % 28)));
  });
  ROUND_KEY.forEach((from, to) => {
    const six = Math.floor(to / 6);
    const word = six % 2 === 0 ? tables.toOdd : tables.toEven;
    const group = Math.floor((from - 1) / 7);
    setWhere(word, group * 128, 128, 0x40 >>> ((from - 1) % 7), 1 << (31 - (six >>> 1) * 8 - (to % 6)));
  });
  return tables;
}

/** Adds `gives` to those of the `count` entries from `at` on whose number has the bit `asked`. */
function setWhere(table: Int32Array, at: number, count: number, asked: number, gives: number): void {
  for (let i = 0; i < count; i++) {
    if ((i & asked) !== 0) table[at + i] = (table[at + i] as number) | gives;
  }
}
