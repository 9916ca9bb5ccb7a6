import type { SkynetError, SkynetErrorOptions } from '@skynet/core';
import protobuf from 'protobufjs';
import { pbcError } from './errors.ts';

/** What decoded messages are instances of. Absent fields read as their defaults and are no keys. */
export class DecodedMessage extends protobuf.Message {
  // The library's would not know names of enums and bigint.
  override toJSON(): Record<string, unknown> {
    return toJson(this) as Record<string, unknown>;
  }
}

/** Deepest nesting of messages, reading and writing. The library's; protoc has the same. */
export const MAX_DEPTH: number = protobuf.Reader.recursionLimit;

/** Most objects and lists inside one another: each message may stand in a list or a map. */
const MAX_CONTAINERS = 2 * (MAX_DEPTH + 1);

/** A value of a message in protobuf's JSON mapping: 64-bit integers as text, bytes in base64, no NaN. */
function toJson(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return changeInside(value, toJson, depth);
}

/**
 * A value of a message as plain objects, lists and values all through, with what is there and nothing else.
 * @throws ERR_PBC_DEPTH.
 */
export function plain(value: unknown, depth = 0): unknown {
  return value instanceof Uint8Array ? value : changeInside(value, plain, depth);
}

/** A list or an object with what has become of its parts; other values as they are. */
function changeInside(
  value: unknown,
  change: (value: unknown, depth: number) => unknown,
  depth: number,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_CONTAINERS) throw tooDeep();
  if (Array.isArray(value)) return value.map((item) => change(item, depth + 1));
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    // By assignment it would set the prototype.
    if (key === '__proto__') Object.defineProperty(result, key, { ...DATA, value: change(item, depth + 1) });
    else result[key] = change(item, depth + 1);
  }
  return result;
}

const DATA = { enumerable: true, configurable: true, writable: true };

/** The error for messages that are nested too deeply, or contain themselves. */
export function tooDeep(name = 'a message', options?: SkynetErrorOptions): SkynetError {
  return pbcError('ERR_PBC_DEPTH', `${name}: nested deeper than ${MAX_DEPTH} messages`, options);
}
