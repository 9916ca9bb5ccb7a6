import protobuf from 'protobufjs';

/** What decoded messages are instances of. Absent fields read as their defaults and are no keys. */
export class DecodedMessage extends protobuf.Message {
  // The library's would not know names of enums and bigint.
  override toJSON(): Record<string, unknown> {
    return toJson(this) as Record<string, unknown>;
  }
}

/** Deepest nesting of messages, reading and writing. The library's; protoc has the same. */
export const MAX_DEPTH: number = protobuf.Reader.recursionLimit;

/** A value of a message in protobuf's JSON mapping: 64-bit integers as text, bytes in base64, no NaN. */
function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return mapEntries(value, toJson);
}

/** A value of a message as plain objects, lists and values all through, with what is there and nothing else. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return mapEntries(value, plain);
}

/** A plain object with the same own keys; `__proto__` is a key like any other. */
function mapEntries(value: object, change: (value: unknown) => unknown): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') {
      Object.defineProperty(result, key, {
        value: change(item),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else result[key] = change(item);
  }
  return result;
}
