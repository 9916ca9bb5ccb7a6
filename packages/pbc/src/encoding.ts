import { isSkynetError, type SkynetError } from '@skynet/core';
import type { Message, Type } from 'protobufjs';
import { pbcError } from './errors.ts';
import { MAX_DEPTH } from './message.ts';
import { MessageReader, MessageWriter } from './wire.ts';

/** Memory above this is given back after a message. */
const KEPT = 64 * 1024;

/** A writer that is used again; undefined while somebody writes, who may be interrupted by a getter that encodes. */
let idle: MessageWriter | undefined = new MessageWriter();

/** A message as bytes. @throws ERR_PBC_FIELD, ERR_PBC_ENUM, ERR_PBC_VALUE, ERR_PBC_ONEOF, ERR_PBC_DEPTH, ERR_PBC_SIZE. */
export function encodeMessage(type: Type, message: object, maxSize: number): Buffer {
  const writer = idle ?? new MessageWriter();
  idle = undefined;
  try {
    type.encode(message, writer);
    if (writer.pos > maxSize) throw tooLarge(type, writer.pos, maxSize);
    return writer.finish() as Buffer;
  } catch (error) {
    throw isSkynetError(error) ? error : failure('ERR_PBC_VALUE', 'cannot be encoded', type, error);
  } finally {
    if (writer.buf.length <= KEPT) {
      writer.pos = 0;
      writer.states = null;
      idle = writer;
    } else idle ??= new MessageWriter();
  }
}

/** A message from bytes. @throws ERR_PBC_DECODE, ERR_PBC_DEPTH, ERR_PBC_SIZE. */
export function decodeMessage(type: Type, bytes: Uint8Array, maxSize: number): Message {
  if (!(bytes instanceof Uint8Array))
    throw pbcError('ERR_ARGUMENT', `bytes are expected, not ${bytes === null ? 'null' : typeof bytes}`);
  if (bytes.length > maxSize) throw tooLarge(type, bytes.length, maxSize);
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    return type.decode(new MessageReader(buffer));
  } catch (error) {
    throw failure('ERR_PBC_DECODE', 'cannot be decoded', type, error);
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
  if (why === 'max depth exceeded') {
    return pbcError('ERR_PBC_DEPTH', `${name}: nested deeper than ${MAX_DEPTH} messages`, { cause, details });
  }
  return pbcError(code, `${name} ${what}: ${why}`, { cause, details });
}
