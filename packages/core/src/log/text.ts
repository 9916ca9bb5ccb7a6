import { inspect } from 'node:util';

/** A value as a log line shows it: `nil` for nothing, numbers and booleans as Lua prints them, text as it is. */
export function logText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return 'nil';
  if (value instanceof Error) return value.stack ?? String(value);
  if (typeof value === 'object' && Object.getPrototypeOf(value) !== Object.prototype && 'toString' in value) {
    if (!Array.isArray(value) && !(value instanceof Map) && !(value instanceof Uint8Array))
      return String(value);
  }
  return typeof value === 'object'
    ? inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY })
    : String(value);
}

/** Values of one log line, joined by spaces; no values at all print `nil` (`skynet.error`). */
export function logLine(values: readonly unknown[]): string {
  return values.length === 0 ? 'nil' : values.map(logText).join(' ');
}
