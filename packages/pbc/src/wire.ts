import { isUtf8 } from 'node:buffer';
import protobuf from 'protobufjs';

// The library's writer and reader, with 64-bit integers that are bigint where the library has objects of two halves.

/** The library's 64-bit integer. */
type Long = ReturnType<protobuf.Reader['int64']>;

/** What can stand in a 64-bit field when it is written; text is a key of a map. */
type Wide = Long | number | string | bigint;

/** For changing a bigint into two halves and back. */
const scratch = new DataView(new ArrayBuffer(8));

/** A 64-bit integer as the library writes it: a number, or two halves. */
function narrow(value: Wide): Long | number {
  if (typeof value === 'number' || typeof value === 'object') return value;
  scratch.setBigInt64(0, BigInt(value), true);
  return { low: scratch.getInt32(0, true), high: scratch.getInt32(4, true) } as Long;
}

/** A 64-bit integer as this package reads it; the library passes on what its reader gives. */
function signed(value: Long | number): Long {
  if (typeof value === 'number') return BigInt(value) as unknown as Long;
  scratch.setInt32(0, value.low, true);
  scratch.setInt32(4, value.high, true);
  return scratch.getBigInt64(0, true) as unknown as Long;
}

function unsigned(value: Long | number): Long {
  if (typeof value === 'number') return BigInt(value) as unknown as Long;
  scratch.setInt32(0, value.low, true);
  scratch.setInt32(4, value.high, true);
  return scratch.getBigUint64(0, true) as unknown as Long;
}

/** Writes messages. */
export class MessageWriter extends protobuf.BufferWriter {
  override string(value: string): protobuf.Writer {
    const start = this.pos;
    super.string(value);
    // One byte a character, behind one for the length: nothing that could be wrong.
    if (this.pos - start - 1 !== value.length && !value.isWellFormed())
      throw new Error('text with half a character (bytes belong in fields of type bytes)');
    return this;
  }

  override uint64(value: Wide): protobuf.Writer {
    return super.uint64(narrow(value));
  }

  override int64(value: Wide): protobuf.Writer {
    return super.int64(narrow(value));
  }

  override sint64(value: Wide): protobuf.Writer {
    return super.sint64(narrow(value));
  }

  override fixed64(value: Wide): protobuf.Writer {
    return super.fixed64(narrow(value));
  }

  override sfixed64(value: Wide): protobuf.Writer {
    return super.sfixed64(narrow(value));
  }

  override uint64s(values: Wide[]): protobuf.Writer {
    return super.uint64s(values.map(narrow));
  }

  override int64s(values: Wide[]): protobuf.Writer {
    return super.int64s(values.map(narrow));
  }

  override sint64s(values: Wide[]): protobuf.Writer {
    return super.sint64s(values.map(narrow));
  }

  override fixed64s(values: Wide[]): protobuf.Writer {
    return super.fixed64s(values.map(narrow));
  }

  override sfixed64s(values: Wide[]): protobuf.Writer {
    return super.sfixed64s(values.map(narrow));
  }
}

/** Nobody can change it, and one costs a hundred bytes. */
const NO_BYTES = Buffer.alloc(0);

/** Reads messages. What it reads has memory of its own; unknown fields are skipped; text must be UTF-8. */
export class MessageReader extends protobuf.BufferReader {
  constructor(buffer: Buffer) {
    super(buffer);
    this.discardUnknown = true;
  }

  /** The library refuses tags with more than 32 bits; protoc takes the lower ones. */
  override tag(): number {
    const { buf, pos } = this;
    if (this.len - pos < 5 || !isLong(buf, pos)) return super.tag();
    this.pos = pos + 5;
    const low = ((buf[pos] as number) & 127) | (((buf[pos + 1] as number) & 127) << 7);
    const middle = (((buf[pos + 2] as number) & 127) << 14) | (((buf[pos + 3] as number) & 127) << 21);
    return (low | middle | ((buf[pos + 4] as number) << 28)) >>> 0;
  }

  override uint64(): Long {
    return unsigned(super.uint64());
  }

  override int64(): Long {
    return signed(super.int64());
  }

  override sint64(): Long {
    return signed(super.sint64());
  }

  override fixed64(): Long {
    return unsigned(super.fixed64());
  }

  override sfixed64(): Long {
    return signed(super.sfixed64());
  }

  override bytes(): Buffer {
    const bytes = super.bytes();
    return bytes.length === 0 ? NO_BYTES : Buffer.from(bytes);
  }

  override string(): string {
    const start = this.pos;
    const text = super.string();
    // Bytes that are no UTF-8 read as this character; so does what really is one.
    if ((this.pos - start > SHORT || !isAscii(this.buf, start, this.pos)) && text.includes('\ufffd'))
      checkText(this, start);
    return text;
  }

  /** In place of the library's, which is slower. */
  override stringVerify(): string {
    return this.string();
  }
}

/** Whether a tag has five bytes; most have one. */
function isLong(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 4; i++) if ((bytes[i] as number) < 128) return false;
  return (bytes[at + 4] as number) < 128;
}

/** Texts up to this many bytes are looked through quicker here than by the engine. */
const SHORT = 48;

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i] as number;
  return all < 128;
}

// No private method: the brand of a class with one makes its instances several times slower to make.
function checkText(reader: MessageReader, start: number): void {
  const end = reader.pos;
  reader.pos = start;
  const length = reader.size();
  reader.pos = end;
  if (!isUtf8(reader.buf.subarray(end - length, end))) throw new Error('text that is not UTF-8');
}
