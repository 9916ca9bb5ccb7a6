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
import { isPlain, REFUSED } from './value.ts';

/** Writes packed values into memory that grows. */
export class SeriWriter {
  bytes: Buffer = Buffer.allocUnsafeSlow(1024);
  view: DataView = new DataView(this.bytes.buffer);
  pos = 0;

  /** Makes sure that `size` bytes can be written. */
  room(size: number): void {
    if (this.pos + size <= this.bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.pos + size, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.pos));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  byte(value: number): void {
    if (this.pos === this.bytes.length) this.room(1);
    this.bytes[this.pos++] = value;
  }

  integer(value: number): void {
    this.room(5);
    const { bytes, pos } = this;
    if (value === 0) {
      bytes[pos] = NUMBER;
      this.pos = pos + 1;
    } else if (value > 0 && value < 0x100) {
      bytes[pos] = NUMBER | (BYTE << 3);
      bytes[pos + 1] = value;
      this.pos = pos + 2;
    } else if (value > 0 && value < 0x10000) {
      bytes[pos] = NUMBER | (WORD << 3);
      this.view.setUint16(pos + 1, value, true);
      this.pos = pos + 3;
    } else if (value >= -0x80000000 && value < 0x80000000) {
      bytes[pos] = NUMBER | (DWORD << 3);
      this.view.setInt32(pos + 1, value, true);
      this.pos = pos + 5;
    } else {
      this.long(BigInt(value));
    }
  }

  long(value: bigint): void {
    this.room(9);
    this.bytes[this.pos] = NUMBER | (QWORD << 3);
    this.view.setBigInt64(this.pos + 1, value, true);
    this.pos += 9;
  }

  float(value: number): void {
    this.room(9);
    this.bytes[this.pos] = NUMBER | (REAL << 3);
    this.view.setFloat64(this.pos + 1, value, true);
    this.pos += 9;
  }

  /** The head of a string and room for its bytes. */
  stringHead(size: number): void {
    this.room(size + 5);
    if (size <= MAX_SHORT_STRING) {
      this.bytes[this.pos++] = SHORT_STRING | (size << 3);
    } else if (size < 0x10000) {
      this.bytes[this.pos] = LONG_STRING | (2 << 3);
      this.view.setUint16(this.pos + 1, size, true);
      this.pos += 3;
    } else {
      this.bytes[this.pos] = LONG_STRING | (4 << 3);
      this.view.setUint32(this.pos + 1, size, true);
      this.pos += 5;
    }
  }

  text(value: string): void {
    const length = value.length;
    if (length <= MAX_SHORT_STRING) {
      this.room(length + 1);
      const { bytes } = this;
      let pos = this.pos;
      bytes[pos++] = SHORT_STRING | (length << 3);
      let i = 0;
      for (; i < length; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[pos++] = code;
      }
      if (i === length) {
        this.pos = pos;
        return;
      }
    }
    if (!isWellFormed(value)) throw REFUSED;
    const size = Buffer.byteLength(value);
    this.stringHead(size);
    this.bytes.write(value, this.pos, size, 'utf8');
    this.pos += size;
  }

  data(value: Uint8Array): void {
    this.stringHead(value.length);
    this.bytes.set(value, this.pos);
    this.pos += value.length;
  }

  tableHead(length: number): void {
    if (length <= MAX_SHORT_TABLE) {
      this.byte(TABLE | (length << 3));
    } else {
      this.byte(TABLE | ((MAX_SHORT_TABLE + 1) << 3));
      this.integer(length);
    }
  }
}

/** @throws REFUSED what no packed values can hold. */
export function packValue(writer: SeriWriter, value: unknown, depth: number): void {
  if (depth > MAX_TABLES) throw REFUSED;
  switch (typeof value) {
    case 'string':
      writer.text(value);
      break;
    case 'number':
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) writer.integer(value);
      else writer.float(value);
      break;
    case 'boolean':
      writer.byte(value ? BOOLEAN | (1 << 3) : BOOLEAN);
      break;
    case 'undefined':
      writer.byte(NIL);
      break;
    case 'bigint':
      if (Number.isSafeInteger(Number(value))) writer.integer(Number(value));
      else if (BigInt.asIntN(64, value) === value) writer.long(value);
      else throw REFUSED;
      break;
    case 'object':
      if (value === null) writer.byte(NIL);
      else packObject(writer, value, depth);
      break;
    default:
      throw REFUSED;
  }
}

function packObject(writer: SeriWriter, value: object, depth: number): void {
  if (isPlain(value)) {
    writer.tableHead(0);
    for (const key in value) {
      const part = value[key];
      if (part === undefined || part === null) continue; // no table holds nil
      writer.text(key);
      packValue(writer, part, depth + 1);
    }
  } else if (Array.isArray(value)) {
    const length = value.length;
    writer.tableHead(length);
    for (let i = 0; i < length; i++) packValue(writer, value[i], depth + 1);
  } else if (value instanceof Map) {
    packMap(writer, value, depth);
  } else {
    if (value instanceof Uint8Array) writer.data(value);
    else if (value instanceof LuaFloat) writer.float(value.value);
    else throw REFUSED;
    return;
  }
  writer.byte(NIL);
}

function packMap(writer: SeriWriter, map: Map<unknown, unknown>, depth: number): void {
  let length = 0;
  while (isPresent(map.get(length + 1))) length++;
  writer.tableHead(length);
  for (let i = 1; i <= length; i++) packValue(writer, map.get(i), depth + 1);
  for (const [key, part] of map) {
    if (typeof key === 'number' && key >= 1 && key <= length && Number.isInteger(key)) continue;
    if (!isPresent(key) || Number.isNaN(key)) throw REFUSED;
    if (!isPresent(part)) continue;
    packValue(writer, key, depth + 1);
    packValue(writer, part, depth + 1);
  }
}

/** Whether it is more than nil. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Whether it is text that UTF-8 can say. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}
