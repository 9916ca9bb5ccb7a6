import { isSkynetError, type SkynetError } from '@skynet/core';
import type { Message, Type } from 'protobufjs';
import { pbcError } from './errors.ts';
import { tooDeep } from './message.ts';
import { MessageReader, MessageWriter } from './wire.ts';

/** Memory for small messages, one behind another, as Node's own pool of buffers; a new one when this little is left. */
const POOL_SIZE = 8 * 1024;
const LITTLE = 512;

let pool = Buffer.allocUnsafeSlow(POOL_SIZE);
let used = 0;
/** Used again; undefined while somebody writes, whom a getter of the message may interrupt with another one. */
let idle: MessageWriter | undefined = new MessageWriter();

const NOTHING = Buffer.alloc(0);

/** Nothing of anybody else's runs while it reads. */
const reader = new MessageReader(NOTHING);

/** A message as bytes. @throws ERR_PBC_FIELD, ERR_PBC_ENUM, ERR_PBC_VALUE, ERR_PBC_ONEOF, ERR_PBC_DEPTH, ERR_PBC_SIZE. */
export function encodeMessage(type: Type, message: object, maxSize: number): Buffer {
  if (idle === undefined) return write(type, message, maxSize, new MessageWriter());
  const writer = idle;
  idle = undefined;
  if (POOL_SIZE - used < LITTLE) {
    pool = Buffer.allocUnsafeSlow(POOL_SIZE);
    used = 0;
  }
  writer.buf = pool;
  writer.pos = used;
  try {
    return write(type, message, maxSize, writer);
  } finally {
    if (writer.buf === pool) used = writer.pos;
    writer.states = null;
    writer.view = null;
    idle = writer;
  }
}

function write(type: Type, message: object, maxSize: number, writer: MessageWriter): Buffer {
  const { buf, pos: start } = writer;
  try {
    type.encode(message, writer);
  } catch (error) {
    writer.pos = start;
    throw isSkynetError(error) ? error : failure('ERR_PBC_VALUE', 'cannot be encoded', type, error);
  }
  const { pos: end } = writer;
  if (end - start > maxSize) {
    writer.pos = start;
    throw tooLarge(type, end - start, maxSize);
  }
  const bytes = writer.buf.subarray(start, end) as Buffer;
  // It has outgrown its memory, and what it has now is up to twice as large.
  return writer.buf === buf ? bytes : Buffer.from(bytes);
}

/** A message from bytes. @throws ERR_PBC_DECODE, ERR_PBC_DEPTH, ERR_PBC_SIZE. */
export function decodeMessage(type: Type, bytes: Uint8Array, maxSize: number): Message {
  if (!(bytes instanceof Uint8Array))
    throw pbcError('ERR_ARGUMENT', `bytes are expected, not ${bytes === null ? 'null' : typeof bytes}`);
  if (bytes.length > maxSize) throw tooLarge(type, bytes.length, maxSize);
  reader.buf = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  reader.pos = 0;
  reader.len = bytes.length;
  reader.view = null;
  try {
    return type.decode(reader);
  } catch (error) {
    throw failure('ERR_PBC_DECODE', 'cannot be decoded', type, error);
  } finally {
    reader.buf = NOTHING;
  }
}

function tooLarge(type: Type, size: number, maxSize: number): SkynetError {
  const name = type.fullName.slice(1);
  return pbcError('ERR_PBC_SIZE', `${name}: ${size} bytes, where ${maxSize} are allowed`, {
    details: { type: name, size, maxSize },
  });
}

/** What the library says of it. Its texts hold numbers, nothing of what was read. */
function failure(
  code: 'ERR_PBC_VALUE' | 'ERR_PBC_DECODE',
  what: string,
  type: Type,
  cause: unknown,
): SkynetError {
  const name = type.fullName.slice(1);
  const why = cause instanceof Error ? cause.message : String(cause);
  const details = { type: name };
  if (why === 'max depth exceeded') return tooDeep(name, { cause, details });
  return pbcError(code, `${name} ${what}: ${why}`, { cause, details });
}
