import { SkynetError } from '../errors.ts';
import { copyValue } from './copy.ts';
import type { Value } from './value.ts';

/** An error as data: a plain object that fits in a message. */
export interface ErrorData {
  readonly [key: string]: Value;
  /** `SkynetError`, or the name of another class, which is not rebuilt. */
  name: string;
  message: string;
  /** Missing when the error had none. */
  code?: string;
  /** As it was where the error was made. */
  stack?: string;
  /** What of the details can be sent; the rest as text. */
  details?: { [key: string]: Value };
  cause?: ErrorData;
  /** What the log has of it already. */
  told?: Told;
}

/** `logged`: the log has it, with its stack. `passed`: to be logged by whoever it ends at, services on the way pass it on. */
export type Told = 'logged' | 'passed';

const told = new WeakMap<object, Told>();

/** Notes what the log has of something that was thrown. Nothing can be noted for what is no object. */
export function markTold(thrown: unknown, what: Told): void {
  if (typeof thrown === 'object' && thrown !== null) told.set(thrown, what);
}

/** What the log has of something that was thrown. */
export function toldOf(thrown: unknown): Told | undefined {
  return typeof thrown === 'object' && thrown !== null ? told.get(thrown) : undefined;
}

/** Causes of causes beyond this are left out; ends circles too. */
const MAX_CAUSES = 8;

/** Anything thrown as data; what is no Error becomes one with its text as message. Never throws. */
export function errorToData(thrown: unknown): ErrorData {
  return toData(thrown, 0);
}

/** `String(thrown)`, which may throw itself. Never throws. */
export function textOf(thrown: unknown): string {
  return text(thrown);
}

/** Message of an error, or text of anything else that was thrown. Never throws. */
export function messageOf(thrown: unknown): string {
  return isError(thrown) ? text(read(thrown, 'message') ?? '') : text(thrown);
}

function toData(thrown: unknown, depth: number): ErrorData {
  if (!isError(thrown)) return { name: 'Error', message: text(thrown) };
  const name = read(thrown, 'name');
  const message = read(thrown, 'message');
  const data: ErrorData = { name: text(name ?? 'Error'), message: text(message ?? '') };
  const known = told.get(thrown);
  if (known !== undefined) data.told = known;
  const code = read(thrown, 'code');
  const stack = read(thrown, 'stack');
  const details = read(thrown, 'details');
  const cause = read(thrown, 'cause');
  if (typeof code === 'string') data.code = cut(code);
  if (typeof stack === 'string') data.stack = cut(stack);
  if (typeof details === 'object' && details !== null) data.details = sendable(details);
  if (cause !== undefined && cause !== null && depth < MAX_CAUSES) data.cause = toData(cause, depth + 1);
  return data;
}

function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** A property of something foreign: a getter, or a proxy, that throws has none. */
function read(thrown: object, key: string): unknown {
  try {
    return (thrown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** An error from its data. One with a code is a {@link SkynetError}, whatever it was; the stack is the original's. */
export function errorFromData(data: ErrorData): Error {
  const options: { cause?: Error; details?: Record<string, unknown> } = {};
  if (data.cause !== undefined) options.cause = errorFromData(data.cause);
  if (data.details !== undefined) options.details = data.details;
  const error =
    data.code === undefined
      ? new Error(data.message, options)
      : new SkynetError<string>(data.code, data.message, options);
  if (data.code === undefined) {
    if (data.name !== 'Error') hidden(error, 'name', data.name);
    if (data.details !== undefined) Object.assign(error, { details: data.details });
  }
  hidden(error, 'stack', data.stack ?? `${data.name}: ${data.message}`);
  if (data.told !== undefined) told.set(error, data.told);
  return error;
}

function hidden(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function sendable(details: object): { [key: string]: Value } {
  const result: { [key: string]: Value } = {};
  for (const key of keysOf(details)) {
    const value = read(details, key);
    try {
      result[key] = copyValue(value) as Value;
    } catch {
      result[key] = text(value);
    }
  }
  return result;
}

function keysOf(value: object): string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}

/** Most characters of one text of an error: more is of no use to anybody, and would fill the log. */
const MAX_TEXT = 64 * 1024;

function cut(value: string): string {
  return value.length <= MAX_TEXT
    ? value
    : `${value.slice(0, MAX_TEXT)}… (${value.length - MAX_TEXT} more characters)`;
}

/** `String(value)` throws for objects without prototype and the like, and so may anything else that is asked of them. */
function text(value: unknown): string {
  try {
    return cut(String(value));
  } catch {
    // Told below.
  }
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return `something that cannot be shown (${typeof value})`;
  }
}
