import { copyArgs } from '../codec/copy.ts';
import { SkynetError } from '../errors.ts';
import { printable } from '../log/printable.ts';

const NONE: readonly string[] = [];
/** Most characters of a value that lists and log lines show. */
const MAX_SHOWN = 40;

/**
 * What a service is started with: words of text as in the original (book §4.1), or, as soon as something is neither text
 * nor a number, copies of the values.
 * @throws ERR_LAUNCH_ARGUMENT, ERR_UNSERIALIZABLE.
 */
export function launchArguments(args: readonly unknown[]): readonly unknown[] {
  if (args.length === 0) return NONE;
  return args.every((arg) => typeof arg === 'string' || typeof arg === 'number')
    ? args.map(word)
    : copyArgs([...args]);
}

function word(arg: string | number): string {
  const isWord = typeof arg === 'string' ? arg !== '' && !/\s/.test(arg) : Number.isFinite(arg);
  if (isWord) return String(arg);
  throw new SkynetError(
    'ERR_LAUNCH_ARGUMENT',
    `a start argument is one word of text, a number, or stands beside a value that is neither; not ${typeof arg === 'string' ? JSON.stringify(arg) : arg}`,
  );
}

/** Arguments as lists and log lines show them. What is inside objects may be secret: only its keys are shown. */
export function shownArguments(args: readonly unknown[]): readonly string[] {
  return args.every((arg) => typeof arg === 'string') ? args : args.map(shown);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(printable(value, MAX_SHOWN));
  if (Array.isArray(value)) return `[${value.length}]`;
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (value instanceof Map) return `<map of ${value.size}>`;
  if (typeof value === 'object' && value !== null)
    return `{${printable(Object.keys(value).join(','), MAX_SHOWN)}}`;
  return String(value);
}
