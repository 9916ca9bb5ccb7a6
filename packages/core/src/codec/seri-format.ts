// The original's serialisation of Lua values (`skynet.pack`, `skynet.unpack`), byte for byte. A stream is values one
// after another until it ends. The low three bits of a value's first byte are its type, the high five a "cookie":
//
//   type  cookie                what follows
//   0     any                   nothing: nil
//   1     0, other              nothing: false, true
//   2     0 1 2 4 6 8           integer 0, u8, u16, i32, i64, float (f64)
//   3     0                     pointer of 8 bytes, of no use in another process: refused
//   4     length 0..31          a string's bytes
//   5     2 4                   length in u16 or u32, a string's bytes
//   6     length 0..30, or 31   (31: length as an integer value) the elements 1..length, then key, value, …, nil
//
// All numbers are little endian.

export const NIL = 0;
export const BOOLEAN = 1;
export const NUMBER = 2;
export const SHORT_STRING = 4;
export const LONG_STRING = 5;
export const TABLE = 6;

export const BYTE = 1;
export const WORD = 2;
export const DWORD = 4;
export const QWORD = 6;
export const REAL = 8;

/** A value stands in at most so many tables. The original's limit, held when reading too. */
export const MAX_TABLES = 32;
export const MAX_SHORT_STRING = 31;
export const MAX_SHORT_TABLE = 30;

/** A number that arrives in Lua as a float although it has no fraction: `new LuaFloat(1)` is Lua's `1.0`. */
export class LuaFloat {
  /** The number. */
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}
